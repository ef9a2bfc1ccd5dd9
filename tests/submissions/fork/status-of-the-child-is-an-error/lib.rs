use std::io;
use std::process;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork, getppid};

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    // SAFETY: the process has a single thread.
    match unsafe { fork() }? {
        ForkResult::Child => {
            *counter += step;
            println!("child: pid={} parent={} counter={}", process::id(), getppid(), *counter);
        }
        ForkResult::Parent { child } => {
            println!("parent: pid={} child={} counter={}", process::id(), child, *counter);
            match waitpid(child, None)? {
                WaitStatus::Exited(_, 0) => {}
                WaitStatus::Exited(_, code) => {
                    return Err(io::Error::other(format!("child failed with status {code}")));
                }
                WaitStatus::Signaled(_, signal, _) => {
                    return Err(io::Error::other(format!("child was killed by {signal}")));
                }
                other => return Err(io::Error::other(format!("strange: {other:?}"))),
            }
        }
    }
    Ok(())
}
