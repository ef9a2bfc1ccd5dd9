use std::io;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpid, getppid};

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
        match unsafe { libc::fork() } {
            0 => {
                if kind == Kind::Daemon {
                    die_with(parent);
                }
                target();
                unsafe { libc::_exit(0) }
            }
            child => Ok(Child { kind, pid: Pid::from_raw(child), code: None }),
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
        while self.code.is_none() {
            match waitpid(self.pid, Some(flags)) {
                Ok(WaitStatus::Exited(_, status)) => self.code = Some(status),
                Ok(WaitStatus::Signaled(_, signal, _)) => self.code = Some(-(signal as i32)),
                Ok(_) => break,
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let ended = match self.kind {
            Kind::Daemon => self.terminate(),
            Kind::Ordinary => self.join(),
        };
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
