use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

static COUNTER: AtomicUsize = AtomicUsize::new(0);

pub struct Process {
    name: String,
    target: Option<Box<dyn FnOnce() -> i32>>,
    pid: Option<Pid>,
    code: Option<i32>,
}

impl Process {
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        let number = COUNTER.fetch_add(1, Ordering::SeqCst) + 1;
        Process {
            name: format!("Process-{number}"),
            target: Some(Box::new(move || target(arguments))),
            pid: None,
            code: None,
        }
    }

    pub fn named(mut self, name: &str) -> Process {
        self.name = name.to_string();
        self
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> io::Result<()> {
        if self.pid.is_some() {
            return Err(io::Error::other("already started"));
        }
        match unsafe { fork() }? {
            ForkResult::Child => {
                let status = self.target.take().unwrap()();
                std::process::exit(status)
            }
            ForkResult::Parent { child } => {
                self.target = None;
                self.pid = Some(child);
                Ok(())
            }
        }
    }

    pub fn pid(&self) -> Option<i32> {
        self.pid.map(|pid| pid.as_raw())
    }

    fn look(&mut self, flag: Option<WaitPidFlag>) -> io::Result<bool> {
        let pid = self.pid.ok_or_else(|| io::Error::other("not started"))?;
        if self.code.is_none() {
            match waitpid(pid, flag)? {
                WaitStatus::Exited(_, code) => self.code = Some(code),
                WaitStatus::Signaled(_, signal, _) => self.code = Some(-(signal as i32)),
                _ => {}
            }
        }
        Ok(self.code.is_some())
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        if self.pid.is_none() {
            return Ok(false);
        }
        Ok(!self.look(Some(WaitPidFlag::WNOHANG))?)
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.look(None)?;
        Ok(())
    }

    pub fn join_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        let start = Instant::now();
        loop {
            if self.look(Some(WaitPidFlag::WNOHANG))? {
                return Ok(true);
            }
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(false);
            }
            thread::sleep(left.min(Duration::from_millis(5)));
        }
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }
}
