use std::io;

use nix::errno::Errno;
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
pub struct Child {
    kind: Kind,
    pid: Pid,
    code: Option<i32>,
}

impl Child {
    pub fn start(kind: Kind, target: impl FnOnce()) -> io::Result<Child> {
        let parent = getpid();
        // SAFETY: the process that forks has one thread.
        match unsafe { fork() }? {
            ForkResult::Child => {
                if kind == Kind::Daemon {
                    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) };
                    if getppid() != parent {
                        unsafe { libc::_exit(1) };
                    }
                }
                target();
                unsafe { libc::_exit(0) }
            }
            ForkResult::Parent { child } => Ok(Child { kind, pid: child, code: None }),
        }
    }

    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        if self.code.is_none() {
            self.note(waitpid(self.pid, Some(WaitPidFlag::WNOHANG))?);
        }
        Ok(self.code.is_none())
    }

    fn note(&mut self, status: WaitStatus) {
        match status {
            WaitStatus::Exited(_, c) => self.code = Some(c),
            WaitStatus::Signaled(_, s, _) => self.code = Some(-(s as i32)),
            _ => {}
        }
    }

    pub fn terminate(&mut self) -> io::Result<()> {
        if self.code.is_none() {
            kill(self.pid, Signal::SIGTERM)?;
        }
        self.join()
    }

    pub fn join(&mut self) -> io::Result<()> {
        while self.code.is_none() {
            match waitpid(self.pid, None) {
                Err(Errno::EINTR) => {}
                other => self.note(other?),
            }
        }
        Ok(())
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.code.is_some() {
            return;
        }
        match self.kind {
            Kind::Daemon => {
                let _ = self.terminate();
            }
            Kind::Ordinary => {
                // Nobody wants its code any more.
                let _ = waitpid(self.pid, None);
            }
        }
    }
}
