//! Another child of this process, which is left alone.

use std::io;
use std::process::exit;

use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use stage::event;

/// Does `job`; if there is a `status`, while this process has another child, which has ended
/// with it.
pub fn beside_another(status: i32, job: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let other = if status > 0 { Some(ended_child(status)?) } else { None };
    job()?;
    if let Some(other) = other {
        let left = waitpid(other, None) == Ok(WaitStatus::Exited(other, status));
        event("main", format_args!("other={}", if left { "left" } else { "taken" }));
    }
    Ok(())
}

/// A child that has ended with `status`, and that nobody has waited for.
fn ended_child(status: i32) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => exit(status),
        ForkResult::Parent { child } => {
            waitid(Id::Pid(child), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
            Ok(child)
        }
    }
}
