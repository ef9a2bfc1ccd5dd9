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
    pid: Pid,
    kind: Kind,
    code: Option<i32>,
}

/// Whoever catches a signal, tidies up and passes it on in the usual way ends with 128 + its number.
fn normalise(status: i32) -> i32 {
    match status {
        137 => -libc::SIGKILL,
        143 => -libc::SIGTERM,
        status => status,
    }
}

impl Child {
    pub fn start(kind: Kind, target: impl FnOnce()) -> io::Result<Child> {
        let parent = getpid();
        match unsafe { fork() }? {
            ForkResult::Child => {
                if kind == Kind::Daemon {
                    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) };
                    if getppid() != parent {
                        std::process::exit(0);
                    }
                }
                target();
                std::process::exit(0)
            }
            ForkResult::Parent { child } => Ok(Child { pid: child, kind, code: None }),
        }
    }

    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    fn update(&mut self, options: Option<WaitPidFlag>) -> io::Result<()> {
        while self.code.is_none() {
            self.code = match waitpid(self.pid, options) {
                Ok(WaitStatus::Exited(_, status)) => Some(normalise(status)),
                Ok(WaitStatus::Signaled(_, signal, _)) => Some(-(signal as i32)),
                Ok(WaitStatus::StillAlive) => return Ok(()),
                Ok(_) => None,
                Err(Errno::EINTR) => None,
                Err(error) => return Err(error.into()),
            };
        }
        Ok(())
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        self.update(Some(WaitPidFlag::WNOHANG))?;
        Ok(self.code.is_none())
    }

    pub fn terminate(&mut self) -> io::Result<()> {
        if self.code.is_none() {
            kill(self.pid, Signal::SIGTERM)?;
        }
        self.update(None)
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.update(None)
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = match self.kind {
            Kind::Ordinary => self.join(),
            Kind::Daemon => self.terminate(),
        };
    }
}
