use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

static MADE: AtomicUsize = AtomicUsize::new(0);

pub struct Process {
    name: String,
    target: Option<Box<dyn FnOnce() -> i32>>,
    // end of file on the first: the child, who has the second, is gone
    alive: OwnedFd,
    lifeline: Option<OwnedFd>,
    pid: Option<Pid>,
    code: Option<i32>,
}

impl Process {
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        let (alive, lifeline) = io::pipe().expect("a pipe");
        Process {
            name: format!("Process-{}", MADE.fetch_add(1, Ordering::SeqCst) + 1),
            target: Some(Box::new(move || target(arguments))),
            alive: alive.into(),
            lifeline: Some(lifeline.into()),
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
                self.lifeline = None;
                self.target = None;
                self.pid = Some(child);
                Ok(())
            }
        }
    }

    pub fn pid(&self) -> Option<i32> {
        self.pid.map(Pid::as_raw)
    }

    fn reap(&mut self, flags: Option<WaitPidFlag>) -> io::Result<()> {
        let pid = self.pid.ok_or_else(|| io::Error::other("not started"))?;
        while self.code.is_none() {
            match waitpid(pid, flags) {
                Ok(WaitStatus::Exited(_, code)) => self.code = Some(code),
                Ok(WaitStatus::Signaled(_, signal, _)) => self.code = Some(-(signal as i32)),
                Ok(_) => break,
                Err(Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        if self.pid.is_none() {
            return Ok(false);
        }
        self.reap(Some(WaitPidFlag::WNOHANG))?;
        Ok(self.code.is_none())
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.reap(None)
    }

    pub fn join_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        self.reap(Some(WaitPidFlag::WNOHANG))?;
        let start = Instant::now();
        while self.code.is_none() {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(false);
            }
            let ms = left.as_millis().saturating_add(1).min(1_000_000_000) as i32;
            let mut fds = [PollFd::new(self.alive.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, PollTimeout::try_from(ms).unwrap()) {
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => self.reap(None)?,
                Err(e) => return Err(e.into()),
            }
        }
        Ok(true)
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }
}
