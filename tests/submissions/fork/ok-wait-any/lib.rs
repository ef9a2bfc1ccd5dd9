use std::io;

use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::{ForkResult, Pid, fork};

/// Who came out of the fork.
enum Side {
    Child { parent: Pid },
    Parent { child: Pid },
}

fn split() -> nix::Result<Side> {
    let before = Pid::this();
    // SAFETY: this process has a single thread.
    Ok(match unsafe { fork()? } {
        ForkResult::Parent { child } => Side::Parent { child },
        ForkResult::Child => Side::Child { parent: before },
    })
}

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    match split()? {
        Side::Child { parent } => {
            *counter += step;
            eprintln!("the child is at work");
            println!("child: pid={} parent={parent} counter={counter}", Pid::this());
        }
        Side::Parent { child } => {
            println!("parent: pid={} child={child} counter={counter}", Pid::this());
            loop {
                match wait()? {
                    WaitStatus::Exited(..) | WaitStatus::Signaled(..) => break,
                    _ => continue,
                }
            }
        }
    }
    Ok(())
}
