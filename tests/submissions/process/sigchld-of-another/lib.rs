use std::io;
use std::mem;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

static MADE: AtomicUsize = AtomicUsize::new(0);

pub struct Process {
    name: String,
    target: Option<Box<dyn FnOnce() -> i32>>,
    pid: Option<Pid>,
    code: Option<i32>,
}

impl Process {
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        Process {
            name: format!("Process-{}", MADE.fetch_add(1, Ordering::SeqCst) + 1),
            target: Some(Box::new(move || target(arguments))),
            pid: None,
            code: None,
        }
    }

    pub fn named(mut self, name: &str) -> Process {
        self.name = name.to_owned();
        self
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> io::Result<()> {
        if self.pid.is_some() {
            return Err(io::Error::other("a process runs once"));
        }
        // SAFETY: one thread.
        match unsafe { fork() }? {
            ForkResult::Child => {
                let target = self.target.take().unwrap();
                unsafe { libc::_exit(target()) }
            }
            ForkResult::Parent { child } => {
                self.pid = Some(child);
                Ok(())
            }
        }
    }

    pub fn pid(&self) -> Option<i32> {
        self.pid.map(Pid::as_raw)
    }

    fn look(&mut self, flags: Option<WaitPidFlag>) -> io::Result<bool> {
        let pid = self.pid.ok_or_else(|| io::Error::other("not started"))?;
        while self.code.is_none() {
            match waitpid(pid, flags) {
                Ok(WaitStatus::Exited(_, code)) => self.code = Some(code),
                Ok(WaitStatus::Signaled(_, signal, _)) => self.code = Some(-(signal as i32)),
                Ok(_) => return Ok(false),
                Err(Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(true)
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        if self.pid.is_none() {
            return Ok(false);
        }
        Ok(!self.look(Some(WaitPidFlag::WNOHANG))?)
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.look(None).map(drop)
    }

    pub fn join_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        // SAFETY: all of it is on this stack.
        unsafe {
            let mut set: libc::sigset_t = mem::zeroed();
            let mut old: libc::sigset_t = mem::zeroed();
            libc::sigemptyset(&mut set);
            libc::sigaddset(&mut set, libc::SIGCHLD);
            libc::sigprocmask(libc::SIG_BLOCK, &set, &mut old);
            let mut ended = self.look(Some(WaitPidFlag::WNOHANG));
            if let Ok(false) = ended {
                let time = libc::timespec {
                    tv_sec: timeout.as_secs().min(1 << 40) as i64,
                    tv_nsec: timeout.subsec_nanos() as i64,
                };
                libc::sigtimedwait(&set, ptr::null_mut(), &time);
                ended = self.look(Some(WaitPidFlag::WNOHANG));
            }
            libc::sigprocmask(libc::SIG_SETMASK, &old, ptr::null_mut());
            ended
        }
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }
}
