use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

const PANICKED: i32 = 101;

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
            End::Killed(signal) => return write!(f, "killed by signal {signal}"),
        };
        write!(f, "killed by {name}")
    }
}

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    let child = match unsafe { fork() }? {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            let ended = catch_unwind(AssertUnwindSafe(task));
            unsafe { libc::_exit(if ended.is_ok() { 0 } else { PANICKED }) }
        }
    };
    match uninterrupted(|| Ok(waitpid(child, Some(nix::sys::wait::WaitPidFlag::WUNTRACED))?))? {
        WaitStatus::Stopped(_, signal) => Ok(End::Killed(signal as i32)),
        WaitStatus::Exited(_, 0) => Ok(End::Finished),
        WaitStatus::Exited(_, PANICKED) => Ok(End::Panicked),
        WaitStatus::Exited(_, status) => Ok(End::Exited(status)),
        WaitStatus::Signaled(_, signal, _) => Ok(End::Killed(signal as i32)),
        other => Err(io::Error::other(format!("waitpid says {other:?}, which is no end"))),
    }
}

pub fn in_thread(task: impl FnOnce() + Send) -> io::Result<End> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, task)?;
        Ok(match thread.join() {
            Ok(()) => End::Finished,
            Err(_) => End::Panicked,
        })
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
