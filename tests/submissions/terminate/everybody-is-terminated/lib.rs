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
    #[allow(dead_code)]
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
                    die_with(parent);
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
        self.wait(WaitPidFlag::WNOHANG)?;
        Ok(self.code.is_none())
    }

    pub fn terminate(&mut self) -> io::Result<()> {
        if self.code.is_none() {
            kill(self.pid, Signal::SIGTERM)?;
        }
        self.join()
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.wait(WaitPidFlag::empty())
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }

    fn wait(&mut self, flags: WaitPidFlag) -> io::Result<()> {
        if self.code.is_none() {
            self.code = match uninterrupted(|| Ok(waitpid(self.pid, Some(flags))?))? {
                WaitStatus::Exited(_, status) => Some(status),
                WaitStatus::Signaled(_, signal, _) => Some(-(signal as i32)),
                _ => None,
            };
        }
        Ok(())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let ended = self.terminate();
        if let Err(error) = ended {
            eprintln!("child {} is left behind: {error}", self.pid);
        }
    }
}

fn die_with(parent: Pid) {
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) };
    if getppid() != parent {
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
