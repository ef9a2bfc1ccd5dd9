use std::io;
use std::sync::{Mutex, Once};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getppid};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ordinary,
    Daemon,
}

/// process::exit runs no drop. So the daemons that still run are kept here, for atexit.
struct Daemons {
    running: Vec<Pid>,
}

static DAEMONS: Mutex<Daemons> = Mutex::new(Daemons { running: Vec::new() });
static REGISTERED: Once = Once::new();

extern "C" fn nobody_stays() {
    if let Ok(daemons) = DAEMONS.try_lock() {
        for &pid in &daemons.running {
            if kill(pid, Signal::SIGTERM).is_ok() {
                let _ = waitpid(pid, None);
            }
        }
    }
}

impl Daemons {
    fn add(pid: Pid) {
        REGISTERED.call_once(|| unsafe {
            libc::atexit(nobody_stays);
        });
        DAEMONS.lock().unwrap().running.push(pid);
    }
    fn remove(pid: Pid) {
        DAEMONS.lock().unwrap().running.retain(|&p| p != pid);
    }
}

pub struct Child {
    pid: Pid,
    kind: Kind,
    code: Option<i32>,
}

impl Child {
    pub fn start(kind: Kind, target: impl FnOnce()) -> io::Result<Child> {
        let parent = Pid::this();
        match unsafe { fork() }? {
            ForkResult::Child => {
                if kind == Kind::Daemon {
                    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) };
                    if getppid() != parent {
                        unsafe { libc::_exit(0) };
                    }
                }
                target();
                unsafe { libc::_exit(0) }
            }
            ForkResult::Parent { child } => {
                if kind == Kind::Daemon {
                    Daemons::add(child);
                }
                Ok(Child { pid: child, kind, code: None })
            }
        }
    }

    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    fn reap(&mut self, flag: Option<WaitPidFlag>) -> io::Result<()> {
        while self.code.is_none() {
            match waitpid(self.pid, flag) {
                Ok(WaitStatus::Exited(_, code)) => self.code = Some(code),
                Ok(WaitStatus::Signaled(_, signal, _)) => self.code = Some(-(signal as i32)),
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => continue,
                Err(e) => return Err(e.into()),
            }
            Daemons::remove(self.pid);
        }
        Ok(())
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        self.reap(Some(WaitPidFlag::WNOHANG))?;
        Ok(self.code.is_none())
    }

    pub fn terminate(&mut self) -> io::Result<()> {
        if self.code.is_none() {
            kill(self.pid, Signal::SIGTERM)?;
        }
        self.reap(None)
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.reap(None)
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
