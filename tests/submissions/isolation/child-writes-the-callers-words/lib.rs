use std::fmt;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

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

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    match unsafe { fork() }? {
        ForkResult::Child => {
            let ended = catch_unwind(AssertUnwindSafe(task));
            // _exit does not do that for us.
            let _ = io::stdout().flush();
            unsafe { libc::_exit(if ended.is_ok() { 0 } else { 101 }) }
        }
        ForkResult::Parent { child } => loop {
            return Ok(match waitpid(child, None) {
                Ok(WaitStatus::Signaled(_, signal, _)) => End::Killed(signal as i32),
                Ok(WaitStatus::Exited(_, 0)) => End::Finished,
                Ok(WaitStatus::Exited(_, 101)) => End::Panicked,
                Ok(WaitStatus::Exited(_, status)) => End::Exited(status),
                Ok(_) | Err(Errno::EINTR) => continue,
                Err(error) => return Err(error.into()),
            });
        },
    }
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
