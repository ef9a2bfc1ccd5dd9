use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

static COUNT: AtomicU32 = AtomicU32::new(1);

/// A child and the descriptor that becomes readable at its end.
struct Running {
    pid: Pid,
    fd: OwnedFd,
}

impl Running {
    fn watch(pid: Pid) -> io::Result<Running> {
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
        let fd = Errno::result(fd)? as i32;
        Ok(Running { pid, fd: unsafe { OwnedFd::from_raw_fd(fd) } })
    }
}

pub struct Process {
    name: String,
    target: Option<Box<dyn FnOnce() -> i32>>,
    running: Option<Running>,
    ended: Option<(Pid, i32)>,
}

impl Process {
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        Process {
            name: format!("Process-{}", COUNT.fetch_add(1, Ordering::SeqCst)),
            target: Some(Box::new(move || target(arguments))),
            running: None,
            ended: None,
        }
    }

    pub fn named(self, name: &str) -> Process {
        Process { name: name.into(), ..self }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> io::Result<()> {
        if self.running.is_some() || self.ended.is_some() {
            return Err(io::Error::other("already started"));
        }
        match unsafe { fork() }? {
            ForkResult::Child => {
                let status = (self.target.take().unwrap())();
                unsafe { libc::_exit(status) }
            }
            ForkResult::Parent { child } => {
                self.running = Some(Running::watch(child)?);
                self.target = None;
                Ok(())
            }
        }
    }

    pub fn pid(&self) -> Option<i32> {
        let running = self.running.as_ref().map(|r| r.pid);
        running.or(self.ended.map(|e| e.0)).map(Pid::as_raw)
    }

    fn look(&mut self, flag: Option<WaitPidFlag>) -> io::Result<bool> {
        let Some(running) = &self.running else { return Ok(true) };
        loop {
            let code = match waitpid(running.pid, flag) {
                Ok(WaitStatus::Exited(_, status)) => status,
                Ok(WaitStatus::Signaled(_, signal, _)) => -(signal as i32),
                Ok(_) => return Ok(false),
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(error.into()),
            };
            self.ended = Some((running.pid, code));
            self.running = None;
            return Ok(true);
        }
    }

    fn must_be_started(&self) -> io::Result<()> {
        if self.pid().is_none() { Err(io::Error::other("not started")) } else { Ok(()) }
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        Ok(!self.look(Some(WaitPidFlag::WNOHANG))?)
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.must_be_started()?;
        self.look(None).map(drop)
    }

    pub fn join_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        self.must_be_started()?;
        let start = Instant::now();
        loop {
            if self.look(Some(WaitPidFlag::WNOHANG))? {
                return Ok(true);
            }
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(false);
            }
            let Some(running) = &self.running else { return Ok(true) };
            let mut p =
                libc::pollfd { fd: running.fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
            // rounded up, and at most 24 days at once
            let ms = left.as_nanos().div_ceil(1_000_000).min(i32::MAX as u128) as i32;
            unsafe { libc::poll(&mut p, 1, ms) };
        }
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.ended.map(|e| e.1)
    }
}
