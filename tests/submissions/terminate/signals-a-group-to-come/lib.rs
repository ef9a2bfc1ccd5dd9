use std::io;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid, setpgid};

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

impl Child {
    pub fn start(kind: Kind, target: impl FnOnce()) -> io::Result<Child> {
        let parent = getpid();
        match unsafe { fork() }? {
            ForkResult::Child => {
                // So that its own children are ended with it.
                let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
                if kind == Kind::Daemon {
                    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) };
                    if getppid() != parent {
                        std::process::exit(1);
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

    fn wait(&mut self, flags: WaitPidFlag) -> io::Result<bool> {
        if self.code.is_some() {
            return Ok(true);
        }
        loop {
            match waitpid(self.pid, Some(flags)) {
                Ok(WaitStatus::Exited(_, status)) => self.code = Some(status),
                Ok(WaitStatus::Signaled(_, signal, _)) => self.code = Some(-(signal as i32)),
                Ok(_) => return Ok(false),
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(error.into()),
            }
            return Ok(true);
        }
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        Ok(!self.wait(WaitPidFlag::WNOHANG)?)
    }

    pub fn terminate(&mut self) -> io::Result<()> {
        if self.is_alive()? {
            match killpg(self.pid, Signal::SIGTERM) {
                // It has ended in the meantime.
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.join()
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.wait(WaitPidFlag::empty()).map(drop)
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = if self.kind == Kind::Daemon { self.terminate() } else { self.join() };
    }
}
