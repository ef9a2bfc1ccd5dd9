use std::io;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, getpid, getppid};

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    let own = getpid();
    match unsafe { fork() }? {
        ForkResult::Child => {
            *counter += step;
            println!("child: pid={own} parent={} counter={counter}", getppid());
        }
        ForkResult::Parent { child } => {
            println!("parent: pid={own} child={child} counter={counter}");
            waitpid(child, None)?;
        }
    }
    Ok(())
}
