//! Children of main that are no workers.

use std::io;
use std::process;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};
use stage::{Gate, until_asleep};

/// Children of main that are no workers: one has ended already, one does when it is waited for.
pub struct OwnChildren {
    children: [Pid; 2],
    enough: Gate,
}

impl OwnChildren {
    pub fn fork() -> io::Result<Self> {
        let enough = Gate::new()?;
        let ended = start(|| Ok(()))?;
        let waiting = start(|| enough.pass())?;
        until_asleep(ended.as_raw());
        Ok(Self { children: [ended, waiting], enough })
    }

    /// How many of them are still there to be waited for.
    pub fn wait_for(self) -> io::Result<usize> {
        self.enough.open()?;
        Ok(self.children.into_iter().filter(|&child| waitpid(child, None).is_ok()).count())
    }
}

/// Forks a process that does `job` and ends.
pub fn start(job: impl FnOnce() -> io::Result<()>) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => process::exit(i32::from(job().is_err())),
        ForkResult::Parent { child } => Ok(child),
    }
}
