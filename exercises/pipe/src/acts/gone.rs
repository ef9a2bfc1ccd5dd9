//! A parent that is killed while it gathers.

use std::io::{self, Read};
use std::process::exit;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, getppid};
use pipe::gather;
use stage::event;

/// A process gathers, and its child kills it, and then has a list that nobody reads. The end of a
/// pipe tells that nobody is left.
pub fn parent_is_gone() -> io::Result<()> {
    let (mut alive, held) = io::pipe()?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let parent = Pid::this();
            let _ = gather(1, |_| {
                let _ = kill(parent, Signal::SIGKILL);
                while getppid() == parent {
                    thread::sleep(Duration::from_millis(1));
                }
                vec![1]
            });
            event(if Pid::this() == parent { "parent" } else { "child-1" }, "returns");
            exit(0)
        }
        ForkResult::Parent { child } => waitpid(child, None)?,
    };
    drop(held);
    // Nobody writes, so this is the end.
    let _ = alive.read(&mut [0])?;
    Ok(())
}
