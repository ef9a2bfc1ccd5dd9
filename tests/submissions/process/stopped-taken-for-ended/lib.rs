use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

static COUNT: AtomicUsize = AtomicUsize::new(0);

pub struct Process {
    name: String,
    target: Option<Box<dyn FnOnce() -> i32>>,
    pid: Option<Pid>,
    code: Option<i32>,
}

impl Process {
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        let number = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
        Process {
            name: format!("Process-{number}"),
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
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "cannot start twice"));
        }
        // SAFETY: one thread.
        match unsafe { fork()? } {
            ForkResult::Child => {
                let f = self.target.take().unwrap();
                unsafe { libc::_exit(f()) }
            }
            ForkResult::Parent { child } => self.pid = Some(child),
        }
        Ok(())
    }

    pub fn pid(&self) -> Option<i32> {
        self.pid.map(Pid::as_raw)
    }

    fn update(&mut self, block: bool) -> io::Result<()> {
        let pid = self.pid.ok_or(io::Error::new(io::ErrorKind::InvalidInput, "not started"))?;
        if self.code.is_some() {
            return Ok(());
        }
        let mut flags = WaitPidFlag::WUNTRACED;
        if !block {
            flags |= WaitPidFlag::WNOHANG;
        }
        loop {
            match waitpid(pid, Some(flags)) {
                Err(Errno::EINTR) => continue,
                Err(e) => return Err(e.into()),
                Ok(WaitStatus::StillAlive) => return Ok(()),
                Ok(WaitStatus::Exited(_, status)) => self.code = Some(status),
                Ok(WaitStatus::Signaled(_, signal, _)) => self.code = Some(-(signal as i32)),
                Ok(WaitStatus::Stopped(_, signal)) => self.code = Some(-(signal as i32)),
                Ok(_) => continue,
            }
            return Ok(());
        }
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        if self.pid.is_none() {
            return Ok(false);
        }
        self.update(false)?;
        Ok(self.code.is_none())
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.update(true)
    }

    pub fn join_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        let start = Instant::now();
        loop {
            self.update(false)?;
            if self.code.is_some() {
                return Ok(true);
            }
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(false);
            }
            std::thread::sleep(left.min(Duration::from_millis(2)));
        }
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }
}
