use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

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
    let mut status = 0;
    while unsafe { libc::waitpid(child.as_raw(), &mut status, 0) } < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    match libc::WEXITSTATUS(status) {
        0 => Ok(End::Finished),
        PANICKED => Ok(End::Panicked),
        status => Ok(End::Exited(status)),
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
