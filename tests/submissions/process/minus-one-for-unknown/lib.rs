use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

static N: AtomicU32 = AtomicU32::new(0);

pub struct Process {
    name: String,
    target: Option<Box<dyn FnOnce() -> i32>>,
    pid: i32,  // -1: not started
    code: i32, // -1: not known
}

impl Process {
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        let n = N.fetch_add(1, Ordering::SeqCst) + 1;
        let target: Box<dyn FnOnce() -> i32> = Box::new(move || target(arguments));
        Process { name: format!("Process-{n}"), target: Some(target), pid: -1, code: -1 }
    }

    pub fn named(mut self, name: &str) -> Process {
        self.name = name.to_string();
        self
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> io::Result<()> {
        if self.pid != -1 {
            return Err(io::Error::other("started twice"));
        }
        // SAFETY: one thread only.
        let pid = unsafe { libc::fork() };
        if pid == -1 {
            return Err(io::Error::last_os_error());
        }
        if pid == 0 {
            let code = self.target.take().unwrap()();
            unsafe { libc::_exit(code) }
        }
        self.pid = pid;
        Ok(())
    }

    pub fn pid(&self) -> Option<i32> {
        (self.pid != -1).then_some(self.pid)
    }

    fn check(&mut self, options: i32) -> io::Result<()> {
        if self.pid == -1 {
            return Err(io::Error::other("not started"));
        }
        if self.code != -1 {
            return Ok(());
        }
        let mut status = 0;
        loop {
            // SAFETY: local.
            let r = unsafe { libc::waitpid(self.pid, &mut status, options) };
            if r == 0 {
                return Ok(());
            } else if r > 0 {
                break;
            }
            let e = io::Error::last_os_error();
            if e.raw_os_error() != Some(libc::EINTR) {
                return Err(e);
            }
        }
        if libc::WIFEXITED(status) {
            self.code = libc::WEXITSTATUS(status);
        } else if libc::WIFSIGNALED(status) {
            self.code = -libc::WTERMSIG(status);
        }
        Ok(())
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        if self.pid == -1 {
            return Ok(false);
        }
        self.check(libc::WNOHANG)?;
        Ok(self.code == -1)
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.check(0)
    }

    pub fn join_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        let t0 = Instant::now();
        loop {
            self.check(libc::WNOHANG)?;
            if self.code != -1 {
                return Ok(true);
            }
            let t = t0.elapsed();
            if t >= timeout {
                return Ok(false);
            }
            std::thread::sleep((timeout - t).min(Duration::from_millis(1)));
        }
    }

    pub fn exit_code(&self) -> Option<i32> {
        if self.code == -1 { None } else { Some(self.code) }
    }
}
