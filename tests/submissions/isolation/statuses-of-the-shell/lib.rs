use std::fmt;
use std::io;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Finished,
    Panicked,
    Exited(i32),
    Killed(i32),
}

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Finished => write!(f, "finished"),
            End::Panicked => write!(f, "panicked"),
            End::Exited(status) => write!(f, "exited with {status}"),
            End::Killed(libc::SIGABRT) => write!(f, "killed by SIGABRT"),
            End::Killed(libc::SIGBUS) => write!(f, "killed by SIGBUS"),
            End::Killed(libc::SIGILL) => write!(f, "killed by SIGILL"),
            End::Killed(libc::SIGFPE) => write!(f, "killed by SIGFPE"),
            End::Killed(libc::SIGKILL) => write!(f, "killed by SIGKILL"),
            End::Killed(libc::SIGSEGV) => write!(f, "killed by SIGSEGV"),
            End::Killed(libc::SIGTERM) => write!(f, "killed by SIGTERM"),
            End::Killed(signal) => write!(f, "killed by signal {signal}"),
        }
    }
}

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    match unsafe { fork() }? {
        ForkResult::Child => {
            let ended = catch_unwind(AssertUnwindSafe(task));
            unsafe { libc::_exit(if ended.is_ok() { 0 } else { 101 }) }
        }
        ForkResult::Parent { child } => match uninterrupted(|| Ok(waitpid(child, None)?))? {
            WaitStatus::Exited(_, 0) => Ok(End::Finished),
            WaitStatus::Exited(_, 101) => Ok(End::Panicked),
            WaitStatus::Exited(_, status @ 129..=192) => Ok(End::Killed(status - 128)),
            WaitStatus::Exited(_, status) => Ok(End::Exited(status)),
            WaitStatus::Signaled(_, signal, _) => Ok(End::Killed(signal as i32)),
            _ => unreachable!(),
        },
    }
}

pub fn in_thread(task: impl FnOnce() + Send) -> io::Result<End> {
    thread::scope(|scope| {
        let handle = thread::Builder::new().spawn_scoped(scope, task)?;
        match handle.join() {
            Ok(()) => Ok(End::Finished),
            Err(_) => Ok(End::Panicked),
        }
    })
}

/// Makes a call once more if a signal came in between.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
