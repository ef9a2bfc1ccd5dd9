use std::io;
use std::process::id;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork, getppid};

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    match unsafe { fork() }? {
        ForkResult::Child => {
            *counter += step;
            println!("child: pid={} parent={} counter={}", id(), getppid(), counter);
        }
        ForkResult::Parent { child } => {
            println!("parent: pid={} child={} counter={}", id(), child, counter);
            for _ in 0..50 {
                if waitpid(child, Some(WaitPidFlag::WNOHANG))? != WaitStatus::StillAlive {
                    break;
                }
                sleep(Duration::from_millis(20));
            }
        }
    }
    Ok(())
}
