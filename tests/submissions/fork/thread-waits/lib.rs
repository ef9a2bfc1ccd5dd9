//! One process becomes two.

use std::io;
use std::process;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, getppid};

/// Forks once; then each of the two processes says who it is, and both return.
pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    let own = process::id();
    // SAFETY: the process has one thread, so the child may do whatever the parent may.
    // The `?` is the third way: no child, an error.
    match unsafe { fork() }? {
        ForkResult::Child => {
            *counter += step;
            // Asked again: `own` was copied from the parent, and is the parent's.
            let own = process::id();
            println!("child: pid={own} parent={} counter={counter}", getppid());
        }
        ForkResult::Parent { child } => {
            println!("parent: pid={own} child={child} counter={counter}");
            std::thread::spawn(move || waitpid(child, None)).join().expect("no panic")?;
        }
    }
    // Both come by here.
    Ok(())
}
