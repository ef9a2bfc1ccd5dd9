use std::io;
use std::sync::OnceLock;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// Who forks; both sides need it.
static PARENT: OnceLock<Pid> = OnceLock::new();

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    let parent = *PARENT.get_or_init(Pid::this);
    match unsafe { fork() }? {
        ForkResult::Child => {
            *counter += step;
            println!("child: pid={} parent={parent} counter={counter}", Pid::this());
        }
        ForkResult::Parent { child } => {
            println!("parent: pid={parent} child={child} counter={counter}");
            waitpid(child, None)?;
        }
    }
    Ok(())
}
