use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::AsFd;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

static NEXT: Mutex<u32> = Mutex::new(1);

pub struct Process {
    name: String,
    work: Option<Box<dyn FnOnce() -> i32>>,
    running: Option<(Pid, PipeReader)>,
    pid: Option<Pid>,
    code: Option<i32>,
}

impl Process {
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        let mut next = NEXT.lock().unwrap();
        let name = format!("Process-{next}");
        *next += 1;
        let work: Box<dyn FnOnce() -> i32> = Box::new(move || target(arguments));
        Process { name, work: Some(work), running: None, pid: None, code: None }
    }

    pub fn named(self, name: &str) -> Process {
        Process { name: name.into(), ..self }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> io::Result<()> {
        if self.pid.is_some() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let (reader, writer): (PipeReader, PipeWriter) = io::pipe()?;
        // SAFETY: there is one thread.
        match unsafe { fork()? } {
            ForkResult::Child => {
                drop(reader);
                let status = self.work.take().map_or(0, |work| work());
                // The writing end closes with the process, and not before.
                std::mem::forget(writer);
                unsafe { libc::_exit(status) }
            }
            ForkResult::Parent { child } => {
                self.pid = Some(child);
                self.running = Some((child, reader));
                Ok(())
            }
        }
    }

    pub fn pid(&self) -> Option<i32> {
        self.pid.map(Pid::as_raw)
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        if self.running.is_some() {
            self.wait(PollTimeout::ZERO)?;
        }
        Ok(self.running.is_some())
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.started()?;
        self.wait(PollTimeout::NONE)
    }

    pub fn join_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        self.started()?;
        let start = Instant::now();
        loop {
            let left = timeout.saturating_sub(start.elapsed());
            // Too long for `poll`: as long as it can, and then once more.
            self.wait(PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX))?;
            if self.running.is_none() || left.is_zero() {
                return Ok(self.running.is_none());
            }
        }
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }

    fn started(&self) -> io::Result<()> {
        if self.pid.is_some() { Ok(()) } else { Err(io::ErrorKind::InvalidInput.into()) }
    }

    /// The end of the file is the end of the process.
    fn wait(&mut self, timeout: PollTimeout) -> io::Result<()> {
        let Some((pid, reader)) = &self.running else { return Ok(()) };
        let mut ends = [PollFd::new(reader.as_fd(), PollFlags::POLLIN)];
        if poll(&mut ends, timeout)? == 0 {
            return Ok(());
        }
        self.code = match waitpid(*pid, None)? {
            WaitStatus::Exited(_, status) => Some(status),
            WaitStatus::Signaled(_, signal, _) => Some(-(signal as i32)),
            _ => None,
        };
        self.running = None;
        Ok(())
    }
}
