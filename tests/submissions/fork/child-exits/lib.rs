use std::io;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, getpid, getppid};

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    match unsafe { fork() }? {
        ForkResult::Child => {
            *counter += step;
            println!("child: pid={} parent={} counter={counter}", getpid(), getppid());
            std::process::exit(0);
        }
        ForkResult::Parent { child } => {
            println!("parent: pid={} child={child} counter={counter}", getpid());
            waitpid(child, None)?;
        }
    }
    Ok(())
}
