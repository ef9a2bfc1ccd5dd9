use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

static NUMBER: AtomicUsize = AtomicUsize::new(1);
const PAUSE: Duration = Duration::from_millis(50);

pub struct Process {
    name: String,
    target: Option<Box<dyn FnOnce() -> i32>>,
    pid: Option<Pid>,
    exit_code: Option<i32>,
}

impl Process {
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Process {
            name: format!("Process-{number}"),
            target: Some(Box::new(move || target(arguments))),
            pid: None,
            exit_code: None,
        }
    }

    pub fn named(mut self, name: &str) -> Process {
        self.name = name.into();
        self
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> io::Result<()> {
        if self.pid.is_some() {
            return Err(io::Error::other("has been started"));
        }
        // SAFETY: the process has one thread.
        match unsafe { fork() }? {
            ForkResult::Child => {
                let status = self.target.take().map_or(1, |target| target());
                unsafe { libc::_exit(status) }
            }
            ForkResult::Parent { child } => {
                self.pid = Some(child);
                self.target = None;
                Ok(())
            }
        }
    }

    pub fn pid(&self) -> Option<i32> {
        self.pid.map(|pid| pid.as_raw())
    }

    fn started(&self) -> io::Result<Pid> {
        self.pid.ok_or(io::Error::other("has not been started"))
    }

    fn keep(&mut self, status: WaitStatus) {
        match status {
            WaitStatus::Exited(_, code) => self.exit_code = Some(code),
            WaitStatus::Signaled(_, signal, _) => self.exit_code = Some(-(signal as i32)),
            _ => {}
        }
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        let Some(pid) = self.pid else { return Ok(false) };
        if self.exit_code.is_none() {
            let status = waitpid(pid, Some(WaitPidFlag::WNOHANG))?;
            self.keep(status);
        }
        Ok(self.exit_code.is_none())
    }

    pub fn join(&mut self) -> io::Result<()> {
        let pid = self.started()?;
        if self.exit_code.is_none() {
            let status = waitpid(pid, None)?;
            self.keep(status);
        }
        Ok(())
    }

    pub fn join_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        self.started()?;
        if timeout.is_zero() {
            return Ok(!self.is_alive()?);
        }
        let start = Instant::now();
        while start.elapsed() < timeout {
            if !self.is_alive()? {
                return Ok(true);
            }
            // no longer than what is left
            thread::sleep(PAUSE.min(timeout.saturating_sub(start.elapsed())));
        }
        Ok(false)
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.exit_code
    }
}
