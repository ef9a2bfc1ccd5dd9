use std::io;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ordinary,
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

    fn wait(&mut self, flag: Option<WaitPidFlag>) -> io::Result<()> {
        if self.code.is_none() {
            match uninterrupted(|| Ok(waitpid(self.pid, flag)?))? {
                WaitStatus::Exited(_, code) => self.code = Some(code),
                WaitStatus::Signaled(_, signal, _) => self.code = Some(-(signal as i32)),
                _ => {}
            }
        }
        Ok(())
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        self.wait(Some(WaitPidFlag::WNOHANG))?;
        Ok(self.code.is_none())
    }

    pub fn terminate(&mut self) -> io::Result<()> {
        if self.is_alive()? {
            kill(self.pid, Signal::SIGTERM)?;
            self.wait(None)?;
        }
        Ok(())
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.wait(None)
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = match self.kind {
            Kind::Daemon => {
                // whether it still runs or not
                let _ = kill(self.pid, Signal::SIGTERM);
                self.wait(None)
            }
            Kind::Ordinary => self.join(),
        };
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
