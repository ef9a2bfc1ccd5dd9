use std::io;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

pub struct Process {
    name: String,
    stage: Stage,
}

#[derive(Default)]
enum Stage {
    Fresh(Box<dyn FnOnce() -> i32>),
    Running(i32),
    Ended(i32, i32),
    #[default]
    Forking,
}

struct Mask {
    old: libc::sigset_t,
    set: libc::sigset_t,
}

impl Mask {
    fn block_sigchld() -> Mask {
        unsafe {
            let mut set = MaybeUninit::uninit();
            let mut old = MaybeUninit::uninit();
            libc::sigemptyset(set.as_mut_ptr());
            libc::sigaddset(set.as_mut_ptr(), libc::SIGCHLD);
            libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), old.as_mut_ptr());
            Mask { old: old.assume_init(), set: set.assume_init() }
        }
    }

    fn sleep(&self, time: Duration) {
        let ts = libc::timespec { tv_sec: time.as_secs() as _, tv_nsec: time.subsec_nanos() as _ };
        unsafe { libc::sigtimedwait(&self.set, std::ptr::null_mut(), &ts) };
    }
}

impl Drop for Mask {
    fn drop(&mut self) {
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.old, std::ptr::null_mut()) };
    }
}

fn next_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("Process-{}", NEXT.fetch_add(1, Ordering::SeqCst))
}

impl Process {
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        Process { name: next_name(), stage: Stage::Fresh(Box::new(move || target(arguments))) }
    }

    pub fn named(mut self, name: &str) -> Process {
        self.name = name.to_string();
        self
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> io::Result<()> {
        if !matches!(self.stage, Stage::Fresh(_)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let pid = unsafe { libc::fork() };
        if pid < 0 {
            return Err(io::Error::last_os_error());
        }
        let Stage::Fresh(target) = std::mem::take(&mut self.stage) else { unreachable!() };
        if pid == 0 {
            let status = target();
            unsafe { libc::_exit(status) };
        }
        self.stage = Stage::Running(pid);
        Ok(())
    }

    pub fn pid(&self) -> Option<i32> {
        match self.stage {
            Stage::Running(pid) | Stage::Ended(pid, _) => Some(pid),
            Stage::Fresh(_) | Stage::Forking => None,
        }
    }

    fn advance(&mut self, options: i32) -> io::Result<()> {
        match self.stage {
            Stage::Ended(..) => Ok(()),
            Stage::Fresh(_) | Stage::Forking => Err(io::Error::other("it has not been started")),
            Stage::Running(pid) => {
                let mut status = 0;
                let mut r;
                loop {
                    r = unsafe { libc::waitpid(pid, &mut status, options) };
                    if r >= 0 {
                        break;
                    }
                    let error = io::Error::last_os_error();
                    if error.raw_os_error() != Some(libc::EINTR) {
                        return Err(error);
                    }
                }
                if r == pid {
                    let code = match libc::WIFEXITED(status) {
                        true => libc::WEXITSTATUS(status),
                        false => -libc::WTERMSIG(status),
                    };
                    self.stage = Stage::Ended(pid, code);
                }
                Ok(())
            }
        }
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        if self.pid().is_some() {
            self.advance(libc::WNOHANG)?;
        }
        Ok(matches!(self.stage, Stage::Running(_)))
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.advance(0)
    }

    pub fn join_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        let start = Instant::now();
        let mask = Mask::block_sigchld();
        loop {
            self.advance(libc::WNOHANG)?;
            if let Stage::Ended(..) = self.stage {
                return Ok(true);
            }
            let spent = start.elapsed();
            if spent >= timeout {
                return Ok(false);
            }
            mask.sleep((timeout - spent).min(Duration::from_secs(3600)));
        }
    }

    pub fn exit_code(&self) -> Option<i32> {
        match self.stage {
            Stage::Ended(_, code) => Some(code),
            _ => None,
        }
    }
}
