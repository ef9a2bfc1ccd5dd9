use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

static COUNT: AtomicU32 = AtomicU32::new(0);

pub struct Process {
    name: String,
    target: Option<Box<dyn FnOnce() -> i32>>,
    pid: Option<Pid>,
    code: Option<i32>,
}

impl Process {
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        let n = COUNT.fetch_add(1, Ordering::SeqCst) + 1;
        Process {
            name: format!("Process-{n}"),
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
            return Err(io::Error::other("already started"));
        }
        // SAFETY: one thread
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
        self.pid.map(|pid| pid.as_raw())
    }

    fn ended(&mut self, flags: WaitPidFlag) -> io::Result<bool> {
        let pid = self.pid.ok_or_else(|| io::Error::other("not started"))?;
        while self.code.is_none() {
            match waitpid(pid, Some(flags)) {
                Ok(WaitStatus::Exited(_, c)) => self.code = Some(c),
                Ok(WaitStatus::Signaled(_, s, _)) => self.code = Some(-(s as i32)),
                Ok(WaitStatus::StillAlive) => return Ok(false),
                Ok(_) | Err(Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(true)
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        Ok(self.pid.is_some() && !self.ended(WaitPidFlag::WNOHANG)?)
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.ended(WaitPidFlag::empty()).map(|_| ())
    }

    pub fn join_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        let chld = SigSet::from(Signal::SIGCHLD);
        // Blocked before the look, so that no SIGCHLD gets lost.
        let before = chld.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        let limit = libc::timespec {
            tv_sec: timeout.as_secs().min(1 << 40) as libc::time_t,
            tv_nsec: timeout.subsec_nanos() as libc::c_long,
        };
        let result = loop {
            match self.ended(WaitPidFlag::WNOHANG) {
                Ok(false) => {}
                other => break other,
            }
            let got = unsafe { libc::sigtimedwait(chld.as_ref(), std::ptr::null_mut(), &limit) };
            if got == -1 && Errno::last() == Errno::EAGAIN {
                // The time is up.
                break self.ended(WaitPidFlag::WNOHANG);
            }
            // A SIGCHLD of somebody, or another signal: look again.
        };
        before.thread_set_mask()?;
        result
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }
}
