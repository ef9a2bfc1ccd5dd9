use std::io::{Error, ErrorKind, Result};
use std::sync::atomic::AtomicI32;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::wait::WaitPidFlag;
use nix::sys::wait::WaitStatus;
use nix::sys::wait::waitpid;
use nix::unistd::ForkResult;
use nix::unistd::Pid;
use nix::unistd::fork;

static HOW_MANY: AtomicI32 = AtomicI32::new(0);

#[derive(PartialEq, Clone, Copy)]
enum Phase {
    NotStarted,
    Started,
    Over,
}

type Work = Box<dyn FnOnce() -> i32 + 'static>;

pub struct Process {
    name: String,
    work: Option<Work>,
    phase: Phase,
    pid: Option<Pid>,
    exit_code: Option<i32>,
}

impl Process {
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        // The next one to be started.
        let number = HOW_MANY.load(Ordering::SeqCst) + 1;
        let closure = move || {
            let result = target(arguments);
            return result;
        };
        return Process {
            name: String::from("Process-") + &number.to_string(),
            work: Some(Box::new(closure)),
            phase: Phase::NotStarted,
            pid: None,
            exit_code: None,
        };
    }

    pub fn named(mut self, name: &str) -> Process {
        self.name = name.to_string();
        return self;
    }

    pub fn name(&self) -> &str {
        return &self.name;
    }

    pub fn start(&mut self) -> Result<()> {
        if self.phase != Phase::NotStarted {
            return Err(Error::new(ErrorKind::Other, "process was already started"));
        }
        let fork_result = unsafe { fork() };
        match fork_result {
            Ok(ForkResult::Parent { child }) => {
                self.phase = Phase::Started;
                HOW_MANY.fetch_add(1, Ordering::SeqCst);
                self.pid = Some(child);
                // The parent has no use for it any more.
                self.work = None;
                return Ok(());
            }
            Ok(ForkResult::Child) => {
                let work = self.work.take().unwrap();
                let status = work();
                unsafe {
                    libc::_exit(status);
                }
            }
            Err(errno) => {
                return Err(Error::from(errno));
            }
        }
    }

    pub fn pid(&self) -> Option<i32> {
        match self.pid {
            Some(pid) => Some(pid.as_raw()),
            None => None,
        }
    }

    fn handle(&mut self, status: WaitStatus) {
        match status {
            WaitStatus::Exited(_pid, code) => {
                self.exit_code = Some(code);
                self.phase = Phase::Over;
            }
            WaitStatus::Signaled(_pid, signal, _core_dumped) => {
                self.exit_code = Some(-(signal as i32));
                self.phase = Phase::Over;
            }
            _ => {}
        }
    }

    pub fn is_alive(&mut self) -> Result<bool> {
        if self.phase == Phase::NotStarted {
            return Ok(false);
        }
        if self.phase == Phase::Over {
            return Ok(false);
        }
        let status = waitpid(self.pid.unwrap(), Some(WaitPidFlag::WNOHANG))?;
        self.handle(status);
        return Ok(self.phase == Phase::Started);
    }

    pub fn join(&mut self) -> Result<()> {
        if self.phase == Phase::NotStarted {
            return Err(Error::new(ErrorKind::Other, "process was not started"));
        }
        while self.phase == Phase::Started {
            let status = waitpid(self.pid.unwrap(), None)?;
            self.handle(status);
        }
        return Ok(());
    }

    pub fn join_timeout(&mut self, timeout: Duration) -> Result<bool> {
        if self.phase == Phase::NotStarted {
            return Err(Error::new(ErrorKind::Other, "process was not started"));
        }
        let deadline = Instant::now().checked_add(timeout);
        loop {
            if !self.is_alive()? {
                return Ok(true);
            }
            match deadline {
                Some(deadline) => {
                    if Instant::now() >= deadline {
                        return Ok(false);
                    }
                }
                None => {}
            }
            sleep(Duration::from_millis(2));
        }
    }

    pub fn exit_code(&self) -> Option<i32> {
        return self.exit_code;
    }
}
