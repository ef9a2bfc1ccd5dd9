//! Children that end, and a parent that wants to know how.

use std::io;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

/// Forks a child that runs `job` and ends with the status that `job` returns, 0 to 255.
pub fn start(job: impl FnOnce() -> i32) -> io::Result<Pid> {
    // SAFETY: the process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }.unwrap() {
        // Not `std::process::exit`: that would run what the parent has registered with `atexit`.
        // SAFETY: `_exit` ends the process at once and touches nothing.
        ForkResult::Child => unsafe { libc::_exit(job()) },
        ForkResult::Parent { child } => Ok(child),
    }
}

/// Waits until the child `pid` has ended, asleep, and says how it ended.
pub fn exit_code(pid: Pid) -> io::Result<i32> {
    // For this child, not for any: another that ends first must stay for whoever asks for it.
    match waitpid(pid, None)? {
        WaitStatus::Exited(_, status) => Ok(status),
        WaitStatus::Signaled(_, signal, _) => Ok(-(signal as i32)),
        other => Err(io::Error::other(format!("waitpid says {other:?}, which is no end"))),
    }
}
