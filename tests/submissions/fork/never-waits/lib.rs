use std::io;

use nix::unistd::{ForkResult, fork, getpid, getppid};

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    match unsafe { fork() }? {
        ForkResult::Child => {
            *counter += step;
            println!("child: pid={} parent={} counter={counter}", getpid(), getppid());
        }
        ForkResult::Parent { child } => {
            println!("parent: pid={} child={child} counter={counter}", getpid());
        }
    }
    Ok(())
}
