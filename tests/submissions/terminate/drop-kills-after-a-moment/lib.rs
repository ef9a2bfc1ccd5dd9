use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

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

const GRACE: Duration = Duration::from_millis(300);

impl Child {
    pub fn start(kind: Kind, target: impl FnOnce()) -> io::Result<Child> {
        let parent = getpid();
        match unsafe { fork() }? {
            ForkResult::Parent { child } => Ok(Child { pid: child, kind, code: None }),
            ForkResult::Child => {
                if kind == Kind::Daemon {
                    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) };
                    if getppid() != parent {
                        std::process::exit(1);
                    }
                }
                target();
                std::process::exit(0)
            }
        }
    }

    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    fn wait(&mut self, flag: Option<WaitPidFlag>) -> io::Result<bool> {
        loop {
            if self.code.is_some() {
                return Ok(true);
            }
            match waitpid(self.pid, flag) {
                Ok(WaitStatus::Exited(_, status)) => self.code = Some(status),
                Ok(WaitStatus::Signaled(_, signal, _)) => self.code = Some(-(signal as i32)),
                Ok(_) => return Ok(false),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        Ok(!self.wait(Some(WaitPidFlag::WNOHANG))?)
    }

    pub fn terminate(&mut self) -> io::Result<()> {
        if self.is_alive()? {
            kill(self.pid, Signal::SIGTERM)?;
            self.wait(None)?;
        }
        Ok(())
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.wait(None).map(drop)
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }

    /// A drop must not hang for ever.
    fn put_down(&mut self) -> io::Result<()> {
        if !self.is_alive()? {
            return Ok(());
        }
        kill(self.pid, Signal::SIGTERM)?;
        let until = Instant::now() + GRACE;
        while Instant::now() < until {
            if !self.is_alive()? {
                return Ok(());
            }
            sleep(Duration::from_millis(2));
        }
        kill(self.pid, Signal::SIGKILL)?;
        self.join()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let result = match self.kind {
            Kind::Daemon => self.put_down(),
            Kind::Ordinary => self.join(),
        };
        if let Err(error) = result {
            eprintln!("{error}");
        }
    }
}
