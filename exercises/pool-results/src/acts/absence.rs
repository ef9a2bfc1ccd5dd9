//! Workers that become free while main looks away.

use std::io;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stage::{Gate, Meeting, until_asleep};

use super::Pids;

/// What lets all workers become free while main looks away.
pub struct Absence {
    workers: usize,
    all_submitted: Gate,
    /// By these the first tasks, and those that follow, say in which processes they are done.
    first: Pids,
    second: Pids,
    /// Of the tasks that follow.
    meeting: Meeting,
}

impl Absence {
    pub fn new(workers: usize) -> io::Result<Self> {
        let (first, second) = (Pids::new()?, Pids::new()?);
        let meeting = Meeting::new(workers as u8)?;
        Ok(Self { workers, all_submitted: Gate::new()?, first, second, meeting })
    }

    pub fn take_part(&self, place: usize) -> io::Result<()> {
        if place < self.workers {
            self.all_submitted.pass()?;
            return self.first.tell();
        }
        self.meeting.meet()?;
        self.second.tell()
    }

    /// Until each worker has done its first task, and sleeps.
    pub fn last(&self) -> io::Result<()> {
        self.all_submitted.open()?;
        for _ in 0..self.workers {
            until_asleep(self.first.hear()?);
        }
        Ok(())
    }

    /// Kills some of the workers, the eldest first: each has done one of the tasks that followed,
    /// and has nothing to do.
    pub fn kill(&self, count: usize) -> io::Result<()> {
        if count == 0 {
            return Ok(());
        }
        let workers = (0..self.workers).map(|_| self.second.hear());
        let mut workers = workers.collect::<io::Result<Vec<_>>>()?;
        workers.sort_unstable();
        for &worker in workers.iter().take(count) {
            kill(Pid::from_raw(worker), Signal::SIGKILL)?;
            until_asleep(worker);
        }
        Ok(())
    }
}
