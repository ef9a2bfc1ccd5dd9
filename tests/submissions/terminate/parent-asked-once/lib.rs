use std::io;
use std::process::exit;
use std::sync::OnceLock;

use nix::errno::Errno;
use nix::sys::prctl::set_pdeathsig;
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

/// Who we are, and whom our children have to expect as their parent.
static PARENT: OnceLock<Pid> = OnceLock::new();

pub struct Child {
    pid: Pid,
    kind: Kind,
    code: Option<i32>,
}

impl Child {
    pub fn start(kind: Kind, target: impl FnOnce()) -> io::Result<Child> {
        let parent = *PARENT.get_or_init(getpid);
        match unsafe { fork() }? {
            ForkResult::Parent { child } => Ok(Child { pid: child, kind, code: None }),
            ForkResult::Child => {
                if kind == Kind::Daemon {
                    let asked = set_pdeathsig(Signal::SIGTERM);
                    if asked.is_err() || getppid() != parent {
                        exit(1);
                    }
                }
                target();
                exit(0)
            }
        }
    }

    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    fn wait(&mut self, flags: WaitPidFlag) -> io::Result<()> {
        while self.code.is_none() {
            match waitpid(self.pid, Some(flags)) {
                Ok(WaitStatus::Exited(_, status)) => self.code = Some(status),
                Ok(WaitStatus::Signaled(_, signal, _)) => self.code = Some(-(signal as i32)),
                Ok(WaitStatus::StillAlive) => break,
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        self.wait(WaitPidFlag::WNOHANG)?;
        Ok(self.code.is_none())
    }

    pub fn terminate(&mut self) -> io::Result<()> {
        if self.code.is_none() {
            kill(self.pid, Signal::SIGTERM)?;
            self.wait(WaitPidFlag::empty())?;
        }
        Ok(())
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
        let _ = match self.kind {
            Kind::Daemon => self.terminate(),
            Kind::Ordinary => self.join(),
        };
    }
}
