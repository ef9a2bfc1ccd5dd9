use std::cell::Cell;
use std::io;
use std::time::{Duration, Instant};

use nix::unistd::{ForkResult, fork};

thread_local! {
    static NUMBER: Cell<u32> = const { Cell::new(0) };
}

/// The target is kept as an Option; a descriptor of the child says when it has ended.
pub struct Process {
    target: Option<Box<dyn FnOnce() -> i32>>,
    name: String,
    pid: Option<i32>,
    descriptor: i32,
    code: Option<i32>,
}

impl Process {
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        NUMBER.set(NUMBER.get() + 1);
        Process {
            target: Some(Box::new(|| target(arguments))),
            name: format!("Process-{}", NUMBER.get()),
            pid: None,
            descriptor: -1,
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
            return Err(io::Error::other("started already"));
        }
        // SAFETY: one thread.
        if let ForkResult::Parent { child } = unsafe { fork() }? {
            // SAFETY: a system call with plain numbers.
            let descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, child.as_raw(), 0) };
            if descriptor < 0 {
                let error = io::Error::last_os_error();
                // SAFETY: signal and wait are for a child that nobody has waited for.
                unsafe {
                    libc::kill(child.as_raw(), libc::SIGKILL);
                    libc::waitpid(child.as_raw(), std::ptr::null_mut(), 0);
                }
                return Err(error);
            }
            self.pid = Some(child.as_raw());
            self.descriptor = descriptor as i32;
            return Ok(());
        }
        let status = self.target.take().map_or(0, |target| target());
        // SAFETY: the end of the child.
        unsafe { libc::_exit(status) }
    }

    pub fn pid(&self) -> Option<i32> {
        self.pid
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        if self.pid.is_none() {
            return Ok(false);
        }
        Ok(!self.join_timeout(Duration::ZERO)?)
    }

    pub fn join(&mut self) -> io::Result<()> {
        while !self.join_timeout(Duration::from_secs(86400))? {}
        Ok(())
    }

    pub fn join_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        let Some(pid) = self.pid else { return Err(io::Error::other("not started")) };
        if self.code.is_some() {
            return Ok(true);
        }
        let start = Instant::now();
        loop {
            let left = timeout.saturating_sub(start.elapsed());
            let mut poll = libc::pollfd { fd: self.descriptor, events: libc::POLLIN, revents: 0 };
            // Rounded up, so that it does not end too early.
            let milliseconds =
                left.as_millis().min(1_000_000_000) as i32 + i32::from(!left.is_zero());
            // SAFETY: one valid pollfd.
            match unsafe { libc::poll(&mut poll, 1, milliseconds) } {
                0 if left.is_zero() => return Ok(false),
                0 => continue,
                1 => break,
                _ => {
                    let error = io::Error::last_os_error();
                    if error.kind() != io::ErrorKind::Interrupted {
                        return Err(error);
                    }
                }
            }
        }
        let mut status = 0;
        // SAFETY: the status is valid; the descriptor is closed once.
        unsafe {
            libc::waitpid(pid, &mut status, 0);
            libc::close(self.descriptor);
        }
        self.code = Some(if libc::WIFEXITED(status) {
            libc::WEXITSTATUS(status)
        } else {
            -libc::WTERMSIG(status)
        });
        Ok(true)
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }
}
