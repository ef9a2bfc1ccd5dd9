//! Tasks that may crash, in a process of their own or in a thread.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

/// The status with which a panic ends a Rust program.
const PANICKED: i32 = 101;

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It returned.
    Finished,
    /// It panicked.
    Panicked,
    /// It ended its process with this status, other than 0.
    Exited(i32),
    /// This signal ended its process.
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

/// Runs `task` in a forked process, waits for its end, and says how it ended.
pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    // SAFETY: the process has one thread, so the child may do whatever the parent may.
    let child = match unsafe { fork() }? {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            // Uncaught, the panic would unwind through the copy of the caller's stack, and run its
            // destructors a second time. Nobody looks at what the task has left half done: the
            // process ends at once.
            let ended = catch_unwind(AssertUnwindSafe(task));
            // SAFETY: `_exit` ends the process at once and touches nothing.
            unsafe { libc::_exit(if ended.is_ok() { 0 } else { PANICKED }) }
        }
    };
    let ended = loop {
        let ended = uninterrupted(|| Ok(waitpid(None, None)?))?;
        if ended.pid() == Some(child) {
            break ended;
        }
    };
    match ended {
        WaitStatus::Exited(_, 0) => Ok(End::Finished),
        WaitStatus::Exited(_, PANICKED) => Ok(End::Panicked),
        WaitStatus::Exited(_, status) => Ok(End::Exited(status)),
        WaitStatus::Signaled(_, signal, _) => Ok(End::Killed(signal as i32)),
        other => Err(io::Error::other(format!("waitpid says {other:?}, which is no end"))),
    }
}

/// Runs `task` in a thread of the caller's process, waits for its end, and says how it ended.
pub fn in_thread(task: impl FnOnce() + Send) -> io::Result<End> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, task)?;
        // Joined by hand: a scope that finds an unjoined thread to have panicked panics too.
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
