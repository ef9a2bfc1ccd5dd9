use std::fmt;
use std::io;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::thread;

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

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

fn child(task: impl FnOnce()) -> ! {
    // No destructor of the caller's may run here, so let the unwinding not even begin.
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        usual(info);
        unsafe { libc::_exit(101) }
    }));
    // resume_unwind does not call the hook.
    match catch_unwind(AssertUnwindSafe(task)) {
        Ok(()) => unsafe { libc::_exit(0) },
        Err(_) => unsafe { libc::_exit(101) },
    }
}

fn parent(child: Pid) -> io::Result<End> {
    loop {
        match waitpid(child, None) {
            Ok(WaitStatus::Signaled(_, signal, _)) => return Ok(End::Killed(signal as i32)),
            Ok(WaitStatus::Exited(_, status)) => {
                return Ok(match status {
                    0 => End::Finished,
                    101 => End::Panicked,
                    _ => End::Exited(status),
                });
            }
            Ok(_) => {}
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    match unsafe { fork() }? {
        ForkResult::Child => child(task),
        ForkResult::Parent { child } => parent(child),
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
