use std::cell::OnceCell;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

static NEXT: AtomicUsize = AtomicUsize::new(1);

fn default_name() -> String {
    format!("Process-{}", NEXT.fetch_add(1, Ordering::SeqCst))
}

pub struct Process {
    // only made when somebody asks
    name: OnceCell<String>,
    target: Option<Box<dyn FnOnce() -> i32>>,
    pid: Option<Pid>,
    code: Option<i32>,
}

impl Process {
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        Process {
            name: OnceCell::new(),
            target: Some(Box::new(move || target(arguments))),
            pid: None,
            code: None,
        }
    }

    pub fn named(mut self, name: &str) -> Process {
        // takes a number too, if it has none yet
        self.name.get_or_init(default_name);
        self.name = OnceCell::from(name.to_string());
        self
    }

    pub fn name(&self) -> &str {
        self.name.get_or_init(default_name)
    }

    pub fn start(&mut self) -> io::Result<()> {
        if self.pid.is_some() {
            return Err(io::Error::other("started twice"));
        }
        match unsafe { fork() }? {
            ForkResult::Child => {
                let target = self.target.take().unwrap();
                unsafe { libc::_exit(target()) }
            }
            ForkResult::Parent { child } => self.pid = Some(child),
        }
        Ok(())
    }

    pub fn pid(&self) -> Option<i32> {
        self.pid.map(Pid::as_raw)
    }

    fn look(&mut self, flag: Option<WaitPidFlag>) -> io::Result<bool> {
        if self.code.is_some() {
            return Ok(true);
        }
        let pid = self.pid.ok_or_else(|| io::Error::other("not started"))?;
        match waitpid(pid, flag)? {
            WaitStatus::Exited(_, code) => self.code = Some(code),
            WaitStatus::Signaled(_, signal, _) => self.code = Some(-(signal as i32)),
            _ => return Ok(false),
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
            sleep(left.min(Duration::from_millis(2)));
        }
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }
}
