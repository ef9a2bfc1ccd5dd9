//! The answering side: a process that has a single thread and never does a job itself.

use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::panic;
use std::process::{abort, exit};
use std::time::{Duration, Instant};

use jail::Forked;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{PidfdFlags, pidfd_open};

use crate::job::{Answer, Job};
use crate::keep::keep;

/// The first argument by which an executable is told to be a keeper.
pub const ARGUMENT: &str = "keeper";

/// The second argument by which a keeper is told to be what it keeps: a canary.
pub(crate) const CANARY: &str = "canary";

/// Does a keeper's work and returns its exit code, if that is what the calling process
/// was started for: if its first argument is [`ARGUMENT`].
///
/// To be called first thing in `main`, while the process has a single thread.
pub fn serve_if_asked() -> Option<i32> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    let served = match arguments.next() {
        Some(second) if second == CANARY => be_canary(),
        _ => serve(io::stdin().as_fd()),
    };
    Some(i32::from(served.is_err()))
}

fn be_canary() -> io::Result<()> {
    let mut scene = Vec::new();
    io::stdin().lock().read_to_end(&mut scene)?;
    let scene = serde_json::from_slice(&scene)?;
    io::stdout().lock().write_all(jail::canary::perform(&scene).as_bytes())
}

/// Answers one job after the other until nobody can bring any more.
fn serve(door: BorrowedFd<'_>) -> io::Result<()> {
    // Should a job's process die, what it has started falls to us.
    jail::adopt_orphans()?;
    jail::settle_down();
    while let Some(asked) = next_job(door)? {
        if let Some(asked) = asked {
            attend(door, asked)?;
        }
    }
    Ok(())
}

/// A job that somebody handed in.
struct Asked {
    connection: OwnedFd,
    /// How long it may take, whatever becomes of it.
    bound: Duration,
}

/// The next job; nothing of a message that brings none. None at all once the door is closed.
fn next_job(door: BorrowedFd<'_>) -> io::Result<Option<Option<Asked>>> {
    let mut milliseconds = [0; size_of::<u64>()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut buffer = [io::IoSliceMut::new(&mut milliseconds)];
    let received = loop {
        match recvmsg(door, &mut buffer, &mut control, RecvFlags::CMSG_CLOEXEC) {
            Err(rustix::io::Errno::INTR) => {}
            received => break received?,
        }
    };
    if received.bytes == 0 {
        return Ok(None);
    }
    let connections = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    let connection = connections.last();
    let bound = Duration::from_millis(u64::from_ne_bytes(milliseconds));
    Ok(Some(connection.map(|connection| Asked { connection, bound })))
}

/// Has a job done by a process of its own, which starts as this one is before any job.
fn attend(door: BorrowedFd<'_>, Asked { connection, bound }: Asked) -> io::Result<()> {
    let ours = getpid();
    match jail::fork()? {
        Forked::Child => exit(i32::from(answer(connection, ours).is_err())),
        Forked::Parent(child) => {
            if wait(child, [connection.as_fd(), door], bound)? != Ended::Itself {
                let _ = kill(child, Signal::SIGKILL);
            }
            jail::end_children();
            Ok(())
        }
    }
}

fn answer(connection: OwnedFd, parent: Pid) -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    if nix::unistd::getppid() != parent {
        return Err(io::ErrorKind::NotConnected.into());
    }
    let mut connection = UnixStream::from(connection);
    end_at_panic(connection.try_clone()?);
    let mut job = Vec::new();
    connection.read_to_end(&mut job)?;
    let answer = match serde_json::from_slice::<Job>(&job) {
        Ok(job) => keep(&job).map_err(|error| error.to_string()),
        Err(error) => Err(format!("cannot understand the job: {error}")),
    };
    let answer = match answer {
        Ok(observation) => Answer::Observed(Box::new(observation)),
        Err(reason) => Answer::Failed(reason),
    };
    connection.write_all(&serde_json::to_vec(&answer)?)
}

/// Makes a panic of any thread the end of the process and the answer to its job: the
/// others would wait for that thread for ever.
fn end_at_panic(connection: UnixStream) {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        print(panic);
        let reason = format!("{panic}: a defect of the grader, not of the program; report it");
        if let Ok(answer) = serde_json::to_vec(&Answer::Failed(reason)) {
            let _ = (&connection).write_all(&answer);
        }
        abort();
    }));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// The job's process did.
    Itself,
    /// Those who wanted it are gone.
    Abandoned,
    /// It took longer than it may.
    Overdue,
}

/// Waits for the end of `child`, or of all who hold the other ends of one of `others`, or
/// of the time.
fn wait(child: Pid, others: [BorrowedFd<'_>; 2], bound: Duration) -> io::Result<Ended> {
    let started = Instant::now();
    let child =
        rustix::process::Pid::from_raw(child.as_raw()).ok_or(io::ErrorKind::InvalidInput)?;
    let child = pidfd_open(child, PidfdFlags::empty())?;
    loop {
        let [connection, door] =
            others.map(|other| PollFd::from_borrowed_fd(other, PollFlags::empty()));
        let mut events = [PollFd::new(&child, PollFlags::IN), connection, door];
        let left = bound.saturating_sub(started.elapsed());
        match poll(&mut events, Timespec::try_from(left).ok().as_ref()) {
            Ok(0) => return Ok(Ended::Overdue),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let [ended, connection, door] = &events;
        if !ended.revents().is_empty() {
            return Ok(Ended::Itself);
        }
        if !connection.revents().is_empty() || !door.revents().is_empty() {
            return Ok(Ended::Abandoned);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};
    use std::thread;

    use super::*;

    const INSIDE: &str = "KEEPER_TEST_PANICS";

    #[test]
    fn a_panic_of_another_thread_ends_the_job_and_is_its_answer() {
        if env::var_os(INSIDE).is_some() {
            let connection = io::stdin().as_fd().try_clone_to_owned().unwrap();
            end_at_panic(connection.into());
            thread::spawn(|| panic!("an index that is too large"));
            loop {
                thread::park();
            }
        }
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let mut job = Command::new(env::current_exe().unwrap());
        job.args([
            "--exact",
            "serve::tests::a_panic_of_another_thread_ends_the_job_and_is_its_answer",
        ]);
        job.env(INSIDE, "")
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let status = job.status().unwrap();
        drop(job);
        assert_eq!(status.signal(), Some(libc::SIGABRT));
        let mut answer = Vec::new();
        ours.read_to_end(&mut answer).unwrap();
        let answer = serde_json::from_slice(&answer).unwrap();
        assert!(
            matches!(&answer, Answer::Failed(reason) if reason.contains("an index that is too large")),
            "{answer:?}"
        );
    }
}
