//! Other children of this process, which are left alone.

use std::io;
use std::process::exit;

use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use stage::event;

/// Does `job` while this process has another child, which has ended with `status` and waits to
/// be waited for. Behind it comes one more.
pub fn beside_another(status: i32, job: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let before = ends_with(status)?;
    waitid(Id::Pid(before), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
    job()?;
    let others = [before, ends_with(status)?];
    let left = others.map(|other| waitpid(other, None) == Ok(WaitStatus::Exited(other, status)));
    event("main", format_args!("other={}", if left == [true; 2] { "left" } else { "taken" }));
    Ok(())
}

/// A child that ends with `status` and does nothing else.
fn ends_with(status: i32) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => exit(status),
        ForkResult::Parent { child } => Ok(child),
    }
}
