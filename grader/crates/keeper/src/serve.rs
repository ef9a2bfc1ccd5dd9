//! The answering side: a process that has a single thread and never does a job itself. It has a
//! worker for that, which lasts as long as its jobs leave it as they found it.

use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::panic;
use std::path::Path;
use std::process::{abort, exit};
use std::time::{Duration, Instant};

use jail::{Forked, Tier};
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Pid, getpid};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SocketFlags, SocketType,
    recvmsg, socketpair,
};
use rustix::process::{PidfdFlags, pidfd_open};

use crate::job::{Answer, Job};
use crate::keep::{keep, name_of_groups};
use crate::resident::hand_over;
use crate::scratch;

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
    // Should the worker die, what it has started falls to us.
    jail::adopt_orphans()?;
    jail::settle_down();
    // Not by each worker, which has a single job where these are needed.
    temporary::sweep(Path::new(scratch::PLACE));
    let groups = name_of_groups();
    let mut worker = Worker::start(&groups)?;
    while let Some(asked) = next_job(door)? {
        let Some(asked) = asked else { continue };
        if !worker.attend(door, asked)? {
            worker.end(&groups);
            worker = Worker::start(&groups)?;
        }
    }
    worker.end(&groups);
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

/// A child that does jobs, one after the other.
struct Worker {
    process: OwnedFd,
    /// Where it finds jobs, and says that one is done and that it is as it was before.
    desk: OwnedFd,
}

impl Worker {
    /// Starts one whose control groups are called `groups` and something more.
    fn start(groups: &str) -> io::Result<Self> {
        let (desk, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let ours = getpid();
        match jail::fork()? {
            Forked::Child => {
                drop(desk);
                exit(i32::from(work(theirs, ours, groups).is_err()))
            }
            Forked::Parent(pid) => {
                let known = rustix::process::Pid::from_raw(pid.as_raw());
                let known = known.ok_or(io::ErrorKind::InvalidInput)?;
                Ok(Self { process: pidfd_open(known, PidfdFlags::empty())?, desk })
            }
        }
    }

    /// Has a job done. False if the worker is not fit for another.
    fn attend(&self, door: BorrowedFd<'_>, asked: Asked) -> io::Result<bool> {
        if hand_over(&self.desk, asked.connection.as_fd(), asked.bound).is_err() {
            return Ok(false);
        }
        let started = Instant::now();
        loop {
            let [connection, door] = [asked.connection.as_fd(), door]
                .map(|other| PollFd::from_borrowed_fd(other, PollFlags::empty()));
            let desk = PollFd::new(&self.desk, PollFlags::IN);
            let worker = PollFd::new(&self.process, PollFlags::IN);
            let mut events = [desk, worker, connection, door];
            let left = asked.bound.saturating_sub(started.elapsed());
            match poll(&mut events, Timespec::try_from(left).ok().as_ref()) {
                Ok(0) => return Ok(false),
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            // Its end, and the end of all who want the job, are seen here, too.
            let done = events[0].revents() == PollFlags::IN;
            return Ok(done && rustix::io::read(&self.desk, &mut [0; 1])? == 1);
        }
    }

    /// Ends it, if it lives, and all that it may have left.
    fn end(self, groups: &str) {
        drop(self);
        jail::end_children();
        jail::remove_groups(groups);
    }
}

/// Does what comes to the desk, as long as each job leaves nothing that the next could meet.
fn work(desk: OwnedFd, parent: Pid, groups: &str) -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    if nix::unistd::getppid() != parent {
        return Err(io::ErrorKind::NotConnected.into());
    }
    // In place of the door: that is open only where jobs are taken in.
    nix::unistd::dup2_stdin(&desk)?;
    drop(desk);
    let desk = io::stdin();
    while let Some(asked) = next_job(desk.as_fd())? {
        let Some(asked) = asked else { continue };
        if !answer(asked.connection, groups)? {
            break;
        }
        rustix::io::write(&desk, &[1])?;
    }
    Ok(())
}

/// Does a job. True if the process is as it was before.
fn answer(connection: OwnedFd, groups: &str) -> io::Result<bool> {
    let mut connection = UnixStream::from(connection);
    end_at_panic(connection.try_clone()?);
    let mut job = Vec::new();
    connection.read_to_end(&mut job)?;
    let (answer, is_as_before) = match serde_json::from_slice::<Job>(&job) {
        Ok(job) => match keep(&job, groups) {
            Ok(seen) => (Answer::Observed(Box::new(seen)), is_alone(job.confinement.tier)),
            Err(error) => (Answer::Failed(error.to_string()), false),
        },
        Err(error) => (Answer::Failed(format!("cannot understand the job: {error}")), false),
    };
    connection.write_all(&serde_json::to_vec(&answer)?)?;
    drop(panic::take_hook());
    Ok(is_as_before)
}

/// Whether nothing of a run that was kept in `tier` can be met by the next.
fn is_alone(tier: Tier) -> bool {
    let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    tier.has_namespaces() && waitid(Id::All, look) == Err(Errno::ECHILD)
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
