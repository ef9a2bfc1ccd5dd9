use std::io;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, getpid, getppid};

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    let side = unsafe { fork() }?;
    *counter += step;
    match side {
        ForkResult::Child => {
            println!("child: pid={} parent={} counter={counter}", getpid(), getppid());
        }
        ForkResult::Parent { child } => {
            waitpid(child, None)?;
            println!("parent: pid={} child={child} counter={counter}", getpid());
        }
    }
    Ok(())
}
