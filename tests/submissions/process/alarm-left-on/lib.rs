use std::io;
use std::mem::zeroed;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

static NEXT: AtomicU32 = AtomicU32::new(0);

extern "C" fn wake_up(_: i32) {}

struct Alarm;

impl Alarm {
    fn install() {
        unsafe {
            let mut action: libc::sigaction = zeroed();
            action.sa_sigaction = wake_up as extern "C" fn(i32) as usize;
            libc::sigaction(libc::SIGALRM, &action, null_mut());
        }
    }
    fn ring_in(left: Duration) {
        let left = left.max(Duration::from_micros(1));
        let again = libc::timeval { tv_sec: 0, tv_usec: 2_000 };
        let first = libc::timeval {
            tv_sec: left.as_secs().min(100_000_000) as i64,
            tv_usec: left.subsec_micros() as i64,
        };
        let t = libc::itimerval { it_interval: again, it_value: first };
        unsafe { libc::setitimer(libc::ITIMER_REAL, &t, null_mut()) };
    }
    fn off() {
        unsafe { libc::setitimer(libc::ITIMER_REAL, &zeroed(), null_mut()) };
    }
}

enum State {
    Fresh(Option<Box<dyn FnOnce() -> i32>>),
    Running(i32),
    Ended(i32, i32),
}

pub struct Process {
    name: String,
    state: State,
}

impl Process {
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        let n = NEXT.fetch_add(1, Ordering::Relaxed) + 1;
        let job: Box<dyn FnOnce() -> i32> = Box::new(move || target(arguments));
        Process { name: format!("Process-{n}"), state: State::Fresh(Some(job)) }
    }

    pub fn named(mut self, name: &str) -> Process {
        self.name = name.to_string();
        self
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> io::Result<()> {
        let State::Fresh(job) = &mut self.state else {
            return Err(io::Error::other("it was started before"));
        };
        match unsafe { libc::fork() } {
            -1 => Err(io::Error::last_os_error()),
            0 => {
                let job = job.take().unwrap();
                unsafe { libc::_exit(job()) }
            }
            pid => {
                self.state = State::Running(pid);
                Ok(())
            }
        }
    }

    pub fn pid(&self) -> Option<i32> {
        match self.state {
            State::Fresh(_) => None,
            State::Running(pid) | State::Ended(pid, _) => Some(pid),
        }
    }

    /// Whether it has ended.
    fn wait(&mut self, flags: i32) -> io::Result<bool> {
        let State::Running(pid) = self.state else { return Ok(true) };
        let mut st = 0;
        match unsafe { libc::waitpid(pid, &mut st, flags) } {
            -1 => Err(io::Error::last_os_error()),
            0 => Ok(false),
            _ => {
                let code =
                    if libc::WIFEXITED(st) { libc::WEXITSTATUS(st) } else { -libc::WTERMSIG(st) };
                self.state = State::Ended(pid, code);
                Ok(true)
            }
        }
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        match self.state {
            State::Running(_) => Ok(!self.wait(libc::WNOHANG)?),
            _ => Ok(false),
        }
    }

    pub fn join(&mut self) -> io::Result<()> {
        if let State::Fresh(_) = self.state {
            return Err(io::Error::other("not started"));
        }
        self.wait(0)?;
        Ok(())
    }

    pub fn join_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        if let State::Fresh(_) = self.state {
            return Err(io::Error::other("not started"));
        }
        let start = Instant::now();
        Alarm::install();
        loop {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                Alarm::off();
                return self.wait(libc::WNOHANG);
            }
            Alarm::ring_in(left);
            match self.wait(0) {
                Ok(_) => return Ok(true),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    Alarm::off();
                    return Err(e);
                }
            }
        }
    }

    pub fn exit_code(&self) -> Option<i32> {
        match self.state {
            State::Ended(_, code) => Some(code),
            _ => None,
        }
    }
}
