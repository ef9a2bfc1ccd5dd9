use std::io;

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid};

/// Tells all that happens to the child, as the example in the man page does.
fn reap(child: Pid) -> io::Result<()> {
    loop {
        match waitpid(child, Some(WaitPidFlag::WUNTRACED | WaitPidFlag::WCONTINUED))? {
            WaitStatus::Exited(_, status) => eprintln!("exited, status={status}"),
            WaitStatus::Signaled(_, signal, _) => eprintln!("killed by {signal}"),
            WaitStatus::Stopped(_, signal) => {
                eprintln!("stopped by {signal}");
                continue;
            }
            _ => eprintln!("done"),
        }
        return Ok(());
    }
}

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    match unsafe { fork() }? {
        ForkResult::Child => {
            *counter += step;
            println!("child: pid={} parent={} counter={counter}", getpid(), getppid());
        }
        ForkResult::Parent { child } => {
            reap(child)?;
            println!("parent: pid={} child={child} counter={counter}", getpid());
        }
    }
    Ok(())
}
