use std::io;
use std::process::id;

use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{ForkResult, fork, getppid};

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    let forked = unsafe { fork() }?;
    if let ForkResult::Parent { child } = forked {
        println!("parent: pid={} child={} counter={}", id(), child, counter);
        let _status = waitpid(child, Some(WaitPidFlag::WUNTRACED | WaitPidFlag::WCONTINUED))?;
    } else {
        *counter += step;
        println!("child: pid={} parent={} counter={}", id(), getppid(), counter);
    }
    Ok(())
}
