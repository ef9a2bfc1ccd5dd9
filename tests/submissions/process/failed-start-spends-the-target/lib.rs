use std::io;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

static MADE: AtomicUsize = AtomicUsize::new(0);

enum State {
    Fresh(Box<dyn FnOnce() -> i32>),
    Starting,
    Running(Pid),
    Ended(Pid, i32),
}

pub struct Process {
    name: String,
    state: State,
}

impl Process {
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        let n = MADE.fetch_add(1, Ordering::SeqCst) + 1;
        Process {
            name: format!("Process-{n}"),
            state: State::Fresh(Box::new(move || target(arguments))),
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
        let target = match mem::replace(&mut self.state, State::Starting) {
            State::Fresh(target) => target,
            other => {
                self.state = other;
                return Err(io::Error::other("a process runs once"));
            }
        };
        // SAFETY: one thread.
        match unsafe { fork() }? {
            ForkResult::Child => unsafe { libc::_exit(target()) },
            ForkResult::Parent { child } => {
                self.state = State::Running(child);
                Ok(())
            }
        }
    }

    pub fn pid(&self) -> Option<i32> {
        match self.state {
            State::Running(pid) | State::Ended(pid, _) => Some(pid.as_raw()),
            State::Fresh(_) | State::Starting => None,
        }
    }

    fn observe(&mut self, flags: Option<WaitPidFlag>) -> io::Result<bool> {
        match self.state {
            State::Fresh(_) | State::Starting => Err(io::Error::other("not started")),
            State::Ended(..) => Ok(true),
            State::Running(pid) => loop {
                match waitpid(pid, flags) {
                    Ok(WaitStatus::Exited(_, code)) => self.state = State::Ended(pid, code),
                    Ok(WaitStatus::Signaled(_, s, _)) => {
                        self.state = State::Ended(pid, -(s as i32))
                    }
                    Ok(_) => return Ok(false),
                    Err(Errno::EINTR) => continue,
                    Err(e) => return Err(e.into()),
                }
                return Ok(true);
            },
        }
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        if self.pid().is_none() {
            return Ok(false);
        }
        Ok(!self.observe(Some(WaitPidFlag::WNOHANG))?)
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.observe(None)?;
        Ok(())
    }

    pub fn join_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        let start = Instant::now();
        while !self.observe(Some(WaitPidFlag::WNOHANG))? {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(false);
            }
            std::thread::sleep(left.min(Duration::from_millis(1)));
        }
        Ok(true)
    }

    pub fn exit_code(&self) -> Option<i32> {
        match self.state {
            State::Ended(_, code) => Some(code),
            _ => None,
        }
    }
}
