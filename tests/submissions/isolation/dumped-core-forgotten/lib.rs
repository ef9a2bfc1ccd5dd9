use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Finished,
    Panicked,
    Exited(i32),
    Killed(i32),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            End::Finished => return f.write_str("finished"),
            End::Panicked => return f.write_str("panicked"),
            End::Exited(status) => return write!(f, "exited with {status}"),
            End::Killed(libc::SIGABRT) => "SIGABRT",
            End::Killed(libc::SIGBUS) => "SIGBUS",
            End::Killed(libc::SIGFPE) => "SIGFPE",
            End::Killed(libc::SIGILL) => "SIGILL",
            End::Killed(libc::SIGKILL) => "SIGKILL",
            End::Killed(libc::SIGSEGV) => "SIGSEGV",
            End::Killed(libc::SIGTERM) => "SIGTERM",
            End::Killed(other) => return write!(f, "killed by signal {other}"),
        };
        write!(f, "killed by {name}")
    }
}

/// What `waitid` says of a child.
struct Info(libc::siginfo_t);

impl Info {
    fn of(pid: libc::pid_t) -> io::Result<Info> {
        let mut info = Info(unsafe { std::mem::zeroed() });
        loop {
            let rc =
                unsafe { libc::waitid(libc::P_PID, pid as libc::id_t, &mut info.0, libc::WEXITED) };
            if rc == 0 {
                return Ok(info);
            }
            let error = io::Error::last_os_error();
            if error.raw_os_error() != Some(libc::EINTR) {
                return Err(error);
            }
        }
    }
}

impl From<Info> for End {
    fn from(info: Info) -> End {
        let status = unsafe { info.0.si_status() };
        if info.0.si_code == libc::CLD_KILLED {
            return End::Killed(status);
        }
        match status {
            0 => End::Finished,
            101 => End::Panicked,
            other => End::Exited(other),
        }
    }
}

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let ended = catch_unwind(AssertUnwindSafe(task));
            unsafe { libc::_exit(if ended.is_ok() { 0 } else { 101 }) }
        }
        pid => Info::of(pid).map(End::from),
    }
}

pub fn in_thread(task: impl FnOnce() + Send) -> io::Result<End> {
    thread::scope(|scope| {
        let task = move || catch_unwind(AssertUnwindSafe(task)).is_err();
        let thread = thread::Builder::new().spawn_scoped(scope, task)?;
        match thread.join() {
            Ok(false) => Ok(End::Finished),
            _ => Ok(End::Panicked),
        }
    })
}
