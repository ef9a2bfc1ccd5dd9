use std::fmt;
use std::io::{self, Write};
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

struct ChildSide;

impl ChildSide {
    fn leave(self, outcome: thread::Result<()>) -> ! {
        let status = match outcome {
            Ok(()) => 0,
            Err(payload) => {
                let words = payload.downcast_ref::<&str>().copied().unwrap_or("something");
                eprintln!("task panicked: {words}");
                // `_exit` flushes nothing, and somebody will want to see how far it came.
                let _ = io::stdout().flush();
                101
            }
        };
        unsafe { libc::_exit(status) }
    }
}

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    // SAFETY: one thread
    let child = match unsafe { fork() }? {
        ForkResult::Child => ChildSide.leave(catch_unwind(AssertUnwindSafe(task))),
        ForkResult::Parent { child } => child,
    };
    loop {
        match waitpid(child, None) {
            Ok(WaitStatus::Exited(_, 0)) => return Ok(End::Finished),
            Ok(WaitStatus::Exited(_, 101)) => return Ok(End::Panicked),
            Ok(WaitStatus::Exited(_, status)) => return Ok(End::Exited(status)),
            Ok(WaitStatus::Signaled(_, signal, _)) => return Ok(End::Killed(signal as i32)),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
}

pub fn in_thread(task: impl FnOnce() + Send) -> io::Result<End> {
    thread::scope(|s| {
        let handle = thread::Builder::new().spawn_scoped(s, task)?;
        Ok(if handle.join().is_ok() { End::Finished } else { End::Panicked })
    })
}
