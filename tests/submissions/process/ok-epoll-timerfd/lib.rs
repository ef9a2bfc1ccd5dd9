use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

fn check(r: i64) -> io::Result<i64> {
    if r < 0 { Err(io::Error::last_os_error()) } else { Ok(r) }
}

fn own(r: io::Result<i64>) -> io::Result<OwnedFd> {
    r.map(|fd| unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

trait Waiter {
    /// true: the process may have ended; false: the time is up
    fn sleep(&self, timeout: Duration) -> io::Result<bool>;
}

struct ByEpoll {
    pid: i32,
}

impl Waiter for ByEpoll {
    fn sleep(&self, timeout: Duration) -> io::Result<bool> {
        let set = own(check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) } as i64))?;
        let process = own(check(unsafe { libc::syscall(libc::SYS_pidfd_open, self.pid, 0) }))?;
        let add = |fd: &OwnedFd, tag| {
            let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: tag };
            check(unsafe {
                libc::epoll_ctl(set.as_raw_fd(), libc::EPOLL_CTL_ADD, fd.as_raw_fd(), &mut event)
            } as i64)
        };
        add(&process, 1)?;
        let _timer = match i64::try_from(timeout.as_secs()) {
            // some hundred years and more: no timer
            Ok(seconds) if seconds < 1 << 33 => {
                let timer = own(check(unsafe {
                    libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_CLOEXEC)
                } as i64))?;
                let mut when: libc::itimerspec = unsafe { std::mem::zeroed() };
                when.it_value.tv_sec = seconds as _;
                when.it_value.tv_nsec = timeout.subsec_nanos() as _;
                let no = std::ptr::null_mut();
                check(unsafe { libc::timerfd_settime(timer.as_raw_fd(), 0, &when, no) } as i64)?;
                add(&timer, 2)?;
                Some(timer)
            }
            _ => None,
        };
        loop {
            let mut events = [libc::epoll_event { events: 0, u64: 0 }; 2];
            let n = unsafe { libc::epoll_wait(set.as_raw_fd(), events.as_mut_ptr(), 2, -1) };
            match check(n as i64) {
                Ok(n) => return Ok(events[..n as usize].iter().any(|event| { event.u64 } == 1)),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }
}

pub struct Process {
    name: String,
    target: Option<Box<dyn FnOnce() -> i32>>,
    pid: OnceLock<i32>,
    code: OnceLock<i32>,
}

impl Process {
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        static HOW_MANY: AtomicU64 = AtomicU64::new(0);
        let n = 1 + HOW_MANY.fetch_add(1, Ordering::AcqRel);
        Process {
            name: format!("Process-{n}"),
            target: Some(Box::new(move || target(arguments))),
            pid: OnceLock::new(),
            code: OnceLock::new(),
        }
    }

    pub fn named(mut self, name: &str) -> Process {
        self.name.replace_range(.., name);
        self
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> io::Result<()> {
        if self.pid.get().is_some() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "this process was started"));
        }
        let pid = check(unsafe { libc::fork() } as i64)? as i32;
        let target = self.target.take().expect("there is a target before the start");
        if pid == 0 {
            unsafe { libc::_exit(target()) }
        }
        self.pid.set(pid).expect("set once");
        Ok(())
    }

    pub fn pid(&self) -> Option<i32> {
        self.pid.get().copied()
    }

    fn reap(&self, flags: i32) -> io::Result<bool> {
        let Some(&pid) = self.pid.get() else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "this process was not started",
            ));
        };
        if self.code.get().is_some() {
            return Ok(true);
        }
        let mut status = 0;
        match check(unsafe { libc::waitpid(pid, &mut status, flags) } as i64) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => self.reap(flags),
            Err(e) => Err(e),
            Ok(0) => Ok(false),
            Ok(_) => {
                let by_signal = libc::WIFSIGNALED(status);
                let code =
                    if by_signal { -libc::WTERMSIG(status) } else { libc::WEXITSTATUS(status) };
                Ok(self.code.set(code).is_ok())
            }
        }
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        Ok(self.pid().is_some() && !self.reap(libc::WNOHANG)?)
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.reap(0).map(|_| ())
    }

    pub fn join_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        if self.reap(libc::WNOHANG)? {
            return Ok(true);
        }
        if timeout.is_zero() {
            return Ok(false);
        }
        let waiter = ByEpoll { pid: self.pid().unwrap() };
        waiter.sleep(timeout)?;
        self.reap(libc::WNOHANG)
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.code.get().copied()
    }
}
