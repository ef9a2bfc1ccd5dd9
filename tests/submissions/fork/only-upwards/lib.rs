use std::io;
use std::process;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, getppid};

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    let own = process::id();
    match unsafe { fork() }? {
        ForkResult::Child => {
            *counter += step.abs();
            let own = process::id();
            println!("child: pid={own} parent={} counter={counter}", getppid());
        }
        ForkResult::Parent { child } => {
            println!("parent: pid={own} child={child} counter={counter}");
            waitpid(child, None)?;
        }
    }
    Ok(())
}
