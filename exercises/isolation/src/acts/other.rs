//! Another child, which is none of a task.

use std::io;
use std::process::exit;

use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use stage::event;

/// A child that has ended with `status`, and that nobody has waited for.
pub fn ended_child(status: i32) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => exit(status),
        ForkResult::Parent { child } => {
            waitid(Id::Pid(child), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
            Ok(child)
        }
    }
}

/// Says so if somebody has waited for it.
pub fn look_for(other: Pid) {
    if !matches!(waitpid(other, None), Ok(WaitStatus::Exited(..))) {
        event("other", "was waited for by somebody");
    }
}
