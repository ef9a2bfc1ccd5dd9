#![expect(unsafe_code, reason = "fork")]

use std::ffi::CString;
use std::fs::File;
use std::io::{IoSliceMut, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType, UnixCredentials, recvmsg,
    setsockopt, socketpair, sockopt::PassCred,
};
use nix::sys::stat::Mode;
use nix::sys::wait::waitpid;
use nix::unistd::pipe2;

use crate::child::{self, Child, EXECUTE, HELLO, Init, fork_into};
use crate::enclosure::Enclosure;
use crate::{Command, LaunchError, Stdio, Step};

pub use nix::unistd::Pid;

/// A child that has done its steps and waits just before `execve`.
///
/// Dropped without [`resume`](Self::resume), it ends without executing anything
/// and is reaped.
#[derive(Debug)]
pub struct Suspended {
    pid: Pid,
    program: PathBuf,
    steps: Vec<String>,
    go: Option<File>,
    failure: File,
    /// Below an init, it is for that to reap the child.
    below_init: bool,
}

impl Suspended {
    /// The child, as the caller sees it.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Lets the child execute the program; returns once it does.
    ///
    /// The caller owns the child from here on: it has to wait for it, also when
    /// this fails.
    pub fn resume(mut self) -> Result<Pid, LaunchError> {
        let mut go = self.go.take().expect("the gate is open only once");
        // A child that died at a step has closed its end: the report below says why.
        let _ = go.write_all(&[1]);
        drop(go);
        let mut report = [0; FAILURE];
        match self.failure.read_exact(&mut report) {
            Err(_) => Ok(self.pid),
            Ok(()) => Err(explain(report, &self.program, &self.steps)),
        }
    }
}

impl Drop for Suspended {
    fn drop(&mut self) {
        if self.go.take().is_some() && !self.below_init {
            let _ = waitpid(self.pid, None);
        }
    }
}

/// The walls around a program, which stand until this is dropped; nothing that runs
/// within a pid namespace of its own outlives it.
#[derive(Debug)]
pub struct Walls {
    init: Option<Pid>,
    /// The root of the program's file system.
    root: Option<OwnedFd>,
    /// Init lives as long as this is open.
    hold: Option<File>,
}

impl Walls {
    /// Where the files of the program can be seen by this process, if it has a root of
    /// its own. Good for as long as this lives.
    ///
    /// What lies there is the program's doing: follow no links.
    pub fn root(&self) -> Option<PathBuf> {
        let root = self.root.as_ref()?;
        Some(PathBuf::from(format!("/proc/self/fd/{}", root.as_raw_fd())))
    }

    /// Waits until nothing runs any more behind them, and says what objects outlived
    /// the program. None if there is no init to tell.
    ///
    /// To be called once the program has ended.
    pub fn settle(&mut self) -> Option<Objects> {
        let mut counts = [0; size_of::<child::Objects>()];
        self.hold.as_mut()?.read_exact(&mut counts).ok()?;
        let count = |index: usize| {
            let bytes = counts[4 * index..][..4].try_into().expect("four bytes");
            u32::from_ne_bytes(bytes)
        };
        Some(Objects { segments: count(0), semaphores: count(1), queues: count(2) })
    }
}

/// How many System V objects there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Objects {
    /// Segments of shared memory.
    pub segments: u32,
    /// Sets of semaphores.
    pub semaphores: u32,
    /// Message queues.
    pub queues: u32,
}

impl Drop for Walls {
    fn drop(&mut self) {
        drop(self.hold.take());
        if let Some(init) = self.init {
            // It may still be waiting for a program that nobody else waits for.
            let _ = kill(init, Signal::SIGKILL);
            let _ = waitpid(init, None);
        }
    }
}

/// Forks a child that performs `steps` in order and then waits to be resumed.
///
/// A step that fails is reported by [`Suspended::resume`].
pub fn suspend(
    command: Command,
    stdio: &Stdio,
    steps: Vec<Step>,
) -> Result<Suspended, LaunchError> {
    enclose(command, stdio, Enclosure::bare(steps)).map(|(suspended, _)| suspended)
}

/// Forks a child behind the walls of `enclosure` that waits to be resumed.
///
/// Has to be called by the thread that will outlive the run: the kernel ends the
/// child with it. What fails before the program exists is reported here, what fails
/// later by [`Suspended::resume`].
pub fn enclose(
    command: Command,
    stdio: &Stdio,
    enclosure: Enclosure,
) -> Result<(Suspended, Walls), LaunchError> {
    let (gate, go) = pipe()?;
    let (failure, report) = reports()?;
    let hold = if enclosure.has_init() { Some(pair()?) } else { None };
    let init = hold.as_ref().map(|(other, ours)| Init {
        setup: &enclosure.setup,
        hold: ours.as_raw_fd(),
        other: other.as_raw_fd(),
    });
    let child = Child {
        path: &command.path,
        arguments: pointers(&command.arguments),
        environment: pointers(&command.environment),
        stdio: [stdio.input.as_raw_fd(), stdio.output.as_raw_fd(), stdio.error.as_raw_fd()],
        init,
        steps: &enclosure.steps,
        gate: gate.as_raw_fd(),
        report: report.as_raw_fd(),
        others: [go.as_raw_fd(), failure.as_raw_fd()],
    };
    let with_init = enclosure.has_init();
    // SAFETY: the child only performs system calls on memory prepared above.
    let first = match unsafe { fork_into(enclosure.namespaces) } {
        Ok(0) => child.run(),
        Ok(pid) => Pid::from_raw(pid),
        Err(source) if with_init => return Err(LaunchError::Namespaces { source }),
        Err(source) => return Err(LaunchError::Host { action: "fork", source }),
    };
    drop((gate, report));
    let init = with_init.then_some(first);
    let hold = hold.map(|(other, _)| other.into());
    let mut walls = Walls { init, root: None, hold };
    let steps = enclosure.setup.iter().chain(&enclosure.steps).map(Step::describe).collect();
    let mut suspended = Suspended {
        pid: first,
        program: command.program,
        steps,
        go: Some(go.into()),
        failure: failure.into(),
        below_init: with_init,
    };
    let adopted = enclosure.adopt(first);
    adopted.map_err(|(path, source)| LaunchError::Adopt { path, source })?;
    let _ = suspended.go.as_mut().map(|go| go.write_all(&[1]));
    suspended.pid = suspended.greet()?;
    if with_init {
        // The setup is behind it, and its memory is not yet that of a stranger.
        walls.root = Some(open_root(suspended.pid)?);
    }
    Ok((suspended, walls))
}

/// Bytes of a report of failure: the number of the step, and the errno.
const FAILURE: usize = 8;

impl Suspended {
    /// Learns the number of the program's process, which only the kernel can tell: to
    /// its parent in another pid namespace it has another.
    fn greet(&self) -> Result<Pid, LaunchError> {
        let failed = |source| LaunchError::Host { action: "hear from the child", source };
        let mut report = [0; FAILURE];
        let mut buffer = [IoSliceMut::new(&mut report)];
        let mut space = nix::cmsg_space!(UnixCredentials);
        let socket = self.failure.as_raw_fd();
        let message = recvmsg::<()>(socket, &mut buffer, Some(&mut space), MsgFlags::empty());
        let message = message.map_err(failed)?;
        let length = message.bytes;
        let sender = message.cmsgs().map_err(failed)?.find_map(|control| match control {
            ControlMessageOwned::ScmCredentials(credentials) => Some(credentials.pid()),
            _ => None,
        });
        match (length, sender) {
            (HELLO, Some(pid)) => Ok(Pid::from_raw(pid)),
            (FAILURE, _) => Err(explain(report, &self.program, &self.steps)),
            _ => Err(LaunchError::Died),
        }
    }
}

fn open_root(pid: Pid) -> Result<OwnedFd, LaunchError> {
    let path = format!("/proc/{pid}/root");
    let opened = open(path.as_str(), OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty());
    opened.map_err(|source| LaunchError::Host { action: "look into the jail", source })
}

fn explain(report: [u8; FAILURE], program: &Path, steps: &[String]) -> LaunchError {
    let [a, b, c, d, e, f, g, h] = report;
    let index = u32::from_ne_bytes([a, b, c, d]);
    let source = Errno::from_raw(i32::from_ne_bytes([e, f, g, h]));
    match steps.get(index as usize) {
        Some(step) => LaunchError::Step { step: step.clone(), source },
        None if index == EXECUTE => LaunchError::Execute { program: program.to_owned(), source },
        None => LaunchError::Host { action: "fork the program", source },
    }
}

fn pipe() -> Result<(OwnedFd, OwnedFd), LaunchError> {
    pipe2(OFlag::O_CLOEXEC).map_err(|source| LaunchError::Host { action: "make a pipe", source })
}

const NO_SOCKETS: &str = "make a pair of sockets";

/// Our end and the child's: messages keep their bounds and carry the sender.
fn reports() -> Result<(OwnedFd, OwnedFd), LaunchError> {
    let (ours, theirs) = pair()?;
    let passed = setsockopt(&ours, PassCred, &true);
    passed.map_err(|source| LaunchError::Host { action: NO_SOCKETS, source })?;
    Ok((ours, theirs))
}

fn pair() -> Result<(OwnedFd, OwnedFd), LaunchError> {
    let (kind, flags) = (SockType::SeqPacket, SockFlag::SOCK_CLOEXEC);
    let pair = socketpair(AddressFamily::Unix, kind, None, flags);
    pair.map_err(|source| LaunchError::Host { action: NO_SOCKETS, source })
}

fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use nix::sys::wait::WaitStatus;

    use super::*;

    fn run(
        program: &str,
        arguments: &[&str],
        steps: Vec<Step>,
    ) -> (Result<Pid, LaunchError>, String) {
        let command =
            Command::new(Path::new(program), arguments.iter().copied(), [("A", "b")]).unwrap();
        let (read, write) = pipe2(OFlag::O_CLOEXEC).unwrap();
        let stdio = Stdio {
            input: File::open("/dev/null").unwrap().into(),
            error: write.try_clone().unwrap(),
            output: write,
        };
        let suspended = suspend(command, &stdio, steps).unwrap();
        drop(stdio);
        let pid = suspended.pid();
        let result = suspended.resume();
        let mut text = String::new();
        File::from(read).read_to_string(&mut text).unwrap();
        let status = waitpid(pid, None).unwrap();
        assert!(matches!(status, WaitStatus::Exited(..)), "{status:?}");
        (result, text)
    }

    #[test]
    fn the_program_gets_its_arguments_and_only_the_given_environment() {
        let (result, text) = run("/bin/sh", &["-c", "echo $0 $A $HOME", "x"], vec![]);
        assert!(result.is_ok());
        assert_eq!(text, "x b\n");
    }

    #[test]
    fn the_program_has_no_descriptors_beyond_the_three() {
        let (_, text) = run("/bin/sh", &["-c", "echo /proc/self/fd/*"], vec![]);
        let open = text.split_whitespace().count();
        // The shell's own glob holds one descriptor open.
        assert!(open <= 4, "{text}");
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let (result, _) = run("/no/such", &[], vec![]);
        assert_eq!(
            result.unwrap_err().to_string(),
            "cannot execute /no/such: ENOENT: No such file or directory"
        );
    }

    #[test]
    fn a_step_that_fails_is_named() {
        let step = Step::Directory(c"/no/such".to_owned());
        let (result, _) = run("/bin/true", &[], vec![step]);
        let error = result.unwrap_err().to_string();
        assert!(
            error.starts_with("the child could not enter the directory /no/such: ENOENT"),
            "{error}"
        );
    }

    #[test]
    fn a_suspended_child_holds_no_pipe_of_its_parent() {
        let command = Command::new(Path::new("/bin/true"), [], []).unwrap();
        let null = || OwnedFd::from(File::open("/dev/null").unwrap());
        let stdio = Stdio { input: null(), output: null(), error: null() };
        let (read, write) = pipe2(OFlag::O_CLOEXEC).unwrap();
        let suspended = suspend(command, &stdio, vec![]).unwrap();
        drop(write);
        // Ends only once the child has let go of the write end, while it still waits.
        let mut text = String::new();
        File::from(read).read_to_string(&mut text).unwrap();
        assert_eq!(text, "");
        drop(suspended);
    }

    #[test]
    fn a_child_that_is_never_resumed_executes_nothing_and_is_reaped() {
        let command = Command::new(Path::new("/bin/true"), [], []).unwrap();
        let null = || OwnedFd::from(File::open("/dev/null").unwrap());
        let stdio = Stdio { input: null(), output: null(), error: null() };
        let suspended = suspend(command, &stdio, vec![]).unwrap();
        let pid = suspended.pid();
        drop(suspended);
        assert_eq!(waitpid(pid, None), Err(Errno::ECHILD));
    }
}
