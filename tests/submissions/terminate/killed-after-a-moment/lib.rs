use std::io;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ordinary,
    Daemon,
}

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid};

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
                        unsafe { libc::_exit(0) }
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

    fn wait(&mut self, flags: WaitPidFlag) -> io::Result<()> {
        if self.code.is_some() {
            return Ok(());
        }
        match uninterrupted(|| Ok(waitpid(self.pid, Some(flags))?))? {
            WaitStatus::Exited(_, status) => self.code = Some(status),
            WaitStatus::Signaled(_, signal, _) => self.code = Some(-(signal as i32)),
            _ => {}
        }
        Ok(())
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        self.wait(WaitPidFlag::WNOHANG)?;
        Ok(self.code.is_none())
    }

    pub fn terminate(&mut self) -> io::Result<()> {
        if self.is_alive()? {
            kill(self.pid, Signal::SIGTERM)?;
            std::thread::sleep(std::time::Duration::from_millis(50));
            if self.is_alive()? {
                kill(self.pid, Signal::SIGKILL)?;
            }
        }
        self.wait(WaitPidFlag::empty())
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.wait(WaitPidFlag::empty())
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.kind == Kind::Daemon {
            let _ = self.terminate();
        } else {
            let _ = self.join();
        }
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
