//! Children of main that are no workers.

use std::io::{self, PipeReader, Read};
use std::process;
use std::thread;
use std::time::Duration;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use stage::{Gate, until_asleep};

/// Children of main that are no workers: one has ended already, one does during the map, and one
/// when it is done.
pub struct OwnChildren {
    children: [Pid; 3],
    /// For the second to end.
    now: Gate,
    /// Says nothing, and its end comes with that of the second.
    lives: PipeReader,
    enough: Gate,
}

impl OwnChildren {
    pub fn fork() -> io::Result<Self> {
        let (now, enough) = (Gate::new()?, Gate::new()?);
        let ended = start(|| Ok(()))?;
        let waiting = start(|| enough.pass())?;
        let (lives, writer) = io::pipe()?;
        let ending = start(|| now.pass())?;
        drop(writer);
        until_asleep(ended.as_raw());
        Ok(Self { children: [ended, ending, waiting], now, lives, enough })
    }

    /// Lets the second end; called by a worker.
    pub fn end_one(&self) -> io::Result<()> {
        self.now.open()?;
        (&self.lives).read_to_end(&mut Vec::new())?;
        until_asleep(self.children[1].as_raw());
        // Main may have to be told of it by an observer. If this is too short, a map that takes away
        // whoever ends may be right by luck; a map that leaves others alone always is.
        thread::sleep(Duration::from_millis(5));
        Ok(())
    }

    /// How many of them are still there to be waited for.
    pub fn wait_for(self) -> io::Result<usize> {
        self.enough.open()?;
        let is_there = |&child: &Pid| waitpid(child, None) == Ok(WaitStatus::Exited(child, 0));
        Ok(self.children.into_iter().filter(is_there).count())
    }
}

/// Forks a process that does `job` and ends.
fn start(job: impl FnOnce() -> io::Result<()>) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => process::exit(i32::from(job().is_err())),
        ForkResult::Parent { child } => Ok(child),
    }
}
