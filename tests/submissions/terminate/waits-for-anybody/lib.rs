//! Children that are told to end, and children that must not outlive their parent.

use std::io;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid};

/// What becomes of a child when its parent is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Its work counts: the parent waits for it.
    Ordinary,
    /// It serves the parent and is of no use without it: it is terminated.
    Daemon,
}

/// A child process, which never outlives this handle.
pub struct Child {
    kind: Kind,
    pid: Pid,
    // Known once it has been reaped; from then on the pid may be a stranger's.
    code: Option<i32>,
}

impl Child {
    /// Forks a child that calls `target` and exits with status 0 when that returns.
    pub fn start(kind: Kind, target: impl FnOnce()) -> io::Result<Child> {
        let parent = getpid();
        // SAFETY: the process has one thread, so the child may do whatever the parent may.
        match unsafe { fork() }? {
            ForkResult::Child => {
                if kind == Kind::Daemon {
                    die_with(parent);
                }
                target();
                // SAFETY: `_exit` ends the process at once and touches nothing.
                unsafe { libc::_exit(0) }
            }
            ForkResult::Parent { child } => Ok(Child { kind, pid: child, code: None }),
        }
    }

    /// Its number, also after its end.
    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Whether it has not ended; never waits.
    pub fn is_alive(&mut self) -> io::Result<bool> {
        self.wait(WaitPidFlag::WNOHANG)?;
        Ok(self.code.is_none())
    }

    /// Sends it SIGTERM and waits until it has ended.
    pub fn terminate(&mut self) -> io::Result<()> {
        // A zombie takes the signal and does not mind; a pid that was reaped is not ours any more.
        if self.code.is_none() {
            kill(self.pid, Signal::SIGTERM)?;
        }
        self.join()
    }

    /// Waits until it has ended by itself, and reaps it.
    pub fn join(&mut self) -> io::Result<()> {
        self.wait(WaitPidFlag::empty())
    }

    /// Its exit code, once an end has been seen.
    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }

    fn wait(&mut self, flags: WaitPidFlag) -> io::Result<()> {
        if self.code.is_none() {
            self.code = match uninterrupted(|| Ok(waitpid(None, Some(flags))?))? {
                WaitStatus::Exited(_, status) => Some(status),
                WaitStatus::Signaled(_, signal, _) => Some(-(signal as i32)),
                _ => None,
            };
        }
        Ok(())
    }
}

impl Drop for Child {
    /// A daemon is terminated, an ordinary child is waited for.
    fn drop(&mut self) {
        let ended = match self.kind {
            Kind::Daemon => self.terminate(),
            Kind::Ordinary => self.join(),
        };
        // A drop has nobody to return an error to.
        if let Err(error) = ended {
            eprintln!("child {} is left behind: {error}", self.pid);
        }
    }
}

/// Asks the kernel to send SIGTERM to this process when `parent` has ended.
fn die_with(parent: Pid) {
    // SAFETY: the call takes plain numbers.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) };
    // Was it gone before we asked? Then no signal will come.
    if getppid() != parent {
        // SAFETY: `_exit` ends the process at once and touches nothing.
        unsafe { libc::_exit(0) };
    }
}

/// Makes a call once more if a signal came in between.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
