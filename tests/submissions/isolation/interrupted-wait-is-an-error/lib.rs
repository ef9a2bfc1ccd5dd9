use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitStatus;
use std::thread;

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It returned.
    Finished,
    /// It panicked, with whatever value.
    Panicked,
    /// It ended its process with this status, other than 0. (A 101 may also be taken for a panic.)
    Exited(i32),
    /// This signal ended its process.
    Killed(i32),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            End::Finished => f.write_str("finished"),
            End::Panicked => f.write_str("panicked"),
            End::Exited(status) => write!(f, "exited with {status}"),
            End::Killed(signal) => {
                let name = match signal {
                    libc::SIGABRT => "SIGABRT",
                    libc::SIGBUS => "SIGBUS",
                    libc::SIGFPE => "SIGFPE",
                    libc::SIGILL => "SIGILL",
                    libc::SIGKILL => "SIGKILL",
                    libc::SIGSEGV => "SIGSEGV",
                    libc::SIGTERM => "SIGTERM",
                    other => return write!(f, "killed by signal {other}"),
                };
                write!(f, "killed by {name}")
            }
        }
    }
}

impl From<ExitStatus> for End {
    fn from(status: ExitStatus) -> End {
        if let Some(signal) = status.signal() {
            return End::Killed(signal);
        }
        match status.code() {
            Some(0) => End::Finished,
            Some(101) => End::Panicked,
            Some(code) => End::Exited(code),
            None => unreachable!(),
        }
    }
}

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    let pid = unsafe { libc::fork() };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    if pid == 0 {
        let ended = catch_unwind(AssertUnwindSafe(task));
        unsafe { libc::_exit(if ended.is_ok() { 0 } else { 101 }) }
    }
    let mut status = 0;
    let reaped = unsafe { libc::waitpid(pid, &mut status, 0) };
    if reaped != pid {
        return Err(io::Error::last_os_error());
    }
    Ok(ExitStatus::from_raw(status).into())
}

pub fn in_thread(task: impl FnOnce() + Send) -> io::Result<End> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, task)?;
        match thread.join() {
            Ok(()) => Ok(End::Finished),
            Err(_) => Ok(End::Panicked),
        }
    })
}
