use std::io;
use std::sync::OnceLock;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ordinary,
    Daemon,
}

// our own pid does not change, so it is asked for once
static ME: OnceLock<Pid> = OnceLock::new();

pub struct Child {
    pid: Pid,
    kind: Kind,
    code: Option<i32>,
}

impl Child {
    pub fn start(kind: Kind, target: impl FnOnce()) -> io::Result<Child> {
        if kind == Kind::Daemon {
            ME.get_or_init(getpid);
        }
        match unsafe { fork() }? {
            ForkResult::Child => {
                if kind == Kind::Daemon {
                    let parent = *ME.get().unwrap();
                    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) };
                    if getppid() != parent {
                        unsafe { libc::_exit(0) };
                    }
                }
                target();
                std::process::exit(0);
            }
            ForkResult::Parent { child } => Ok(Child { pid: child, kind, code: None }),
        }
    }

    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    fn wait(&mut self, flag: Option<WaitPidFlag>) -> io::Result<()> {
        if self.code.is_some() {
            return Ok(());
        }
        loop {
            match waitpid(self.pid, flag) {
                Ok(WaitStatus::Exited(_, status)) => self.code = Some(status),
                Ok(WaitStatus::Signaled(_, signal, _)) => self.code = Some(-(signal as i32)),
                Ok(_) => {}
                Err(Errno::EINTR) => continue,
                Err(e) => return Err(e.into()),
            }
            break;
        }
        Ok(())
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        self.wait(Some(WaitPidFlag::WNOHANG))?;
        Ok(self.code.is_none())
    }

    pub fn terminate(&mut self) -> io::Result<()> {
        if self.code.is_none() {
            kill(self.pid, Signal::SIGTERM)?;
        }
        self.wait(None)
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
            Kind::Daemon => self.terminate(),
            Kind::Ordinary => self.join(),
        };
    }
}
