use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Finished,
    Panicked,
    Exited(i32),
    Killed(i32),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Finished => write!(f, "finished"),
            End::Panicked => write!(f, "panicked"),
            End::Exited(n) => write!(f, "exited with {n}"),
            End::Killed(n) => match *n {
                libc::SIGABRT => write!(f, "killed by SIGABRT"),
                libc::SIGBUS => write!(f, "killed by SIGBUS"),
                libc::SIGFPE => write!(f, "killed by SIGFPE"),
                libc::SIGILL => write!(f, "killed by SIGILL"),
                libc::SIGKILL => write!(f, "killed by SIGKILL"),
                libc::SIGSEGV => write!(f, "killed by SIGSEGV"),
                libc::SIGTERM => write!(f, "killed by SIGTERM"),
                n => write!(f, "killed by signal {n}"),
            },
        }
    }
}

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    match unsafe { fork() }? {
        ForkResult::Child => {
            let ended = catch_unwind(AssertUnwindSafe(task));
            let status = if ended.is_ok() { 0 } else { 101 };
            unsafe { libc::_exit(status) }
        }
        ForkResult::Parent { child } => loop {
            match waitpid(child, None) {
                Ok(WaitStatus::Signaled(_, signal, _)) => return Ok(End::Killed(signal as i32)),
                Ok(WaitStatus::Exited(_, 0)) => return Ok(End::Finished),
                Ok(WaitStatus::Exited(_, 101)) => return Ok(End::Panicked),
                Ok(WaitStatus::Exited(_, n)) => return Ok(End::Exited(n)),
                Ok(_) | Err(Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
            }
        },
    }
}

pub fn in_thread(task: impl FnOnce() + Send) -> io::Result<End> {
    thread::scope(|s| {
        // a task does not need the 2 MiB that every thread gets
        let thread = thread::Builder::new().stack_size(64 * 1024).spawn_scoped(s, task)?;
        match thread.join() {
            Ok(()) => Ok(End::Finished),
            Err(_) => Ok(End::Panicked),
        }
    })
}
