//! Repeats a schedule, exactly or as nearly as the program allows.

use shuttle_engine::scheduler::{Task, TaskId as Id};

use super::director::{Chooser, Wish, after};
use super::schedule::Schedule;
use super::{DRIVER, Run, TaskId};

/// What happens after the last step of the schedule that is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// The running thread goes on for as long as it can.
    Stay,
    /// Any thread, at random from a fixed seed: fair.
    Fair,
}

/// Repeats one schedule, once.
///
/// A step whose thread cannot run is skipped, so that a shortened schedule still means
/// something.
pub(crate) struct Replay {
    schedule: Schedule,
    then: Then,
    step: usize,
    pick: usize,
    begun: bool,
    state: u64,
    pub(crate) traced: bool,
}

impl Replay {
    pub(crate) fn new(schedule: Schedule) -> Self {
        let then = if schedule.rules.fair { Then::Fair } else { Then::Stay };
        Self {
            schedule,
            then,
            step: 0,
            pick: 0,
            begun: false,
            state: 0x2545_F491_4F6C_DD1D,
            traced: false,
        }
    }

    fn random(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }
}

impl Chooser for Replay {
    fn begin(&mut self, epoch: u64) -> Option<Run> {
        if std::mem::replace(&mut self.begun, true) {
            return None;
        }
        let mut run = Run::new(epoch, self.schedule.rules);
        run.events = self.traced.then(Vec::new);
        Some(run)
    }

    fn next(&mut self, candidates: &[&Task], current: Option<Id>, wish: Wish) -> Id {
        if candidates.len() == 1 && usize::from(candidates[0].id()) == DRIVER {
            return candidates[0].id();
        }
        let runs = |task: TaskId| candidates.iter().find(|other| usize::from(other.id()) == task);
        while let Some(task) = self.schedule.task(self.step) {
            self.step += 1;
            if let Some(task) = runs(task) {
                return task.id();
            }
        }
        match self.then {
            Then::Fair => candidates[(self.random() % candidates.len() as u64) as usize].id(),
            Then::Stay => current
                .filter(|_| wish == Wish::Any)
                .and_then(|current| runs(current.into()))
                .map_or_else(|| after(candidates, current), |task| task.id()),
        }
    }

    fn pick(&mut self, count: usize) -> usize {
        let picked = self.schedule.picks.get(self.pick).copied();
        self.pick += 1;
        match (picked, self.then) {
            (Some(picked), _) => usize::from(picked).min(count - 1),
            (None, Then::Fair) => (self.random() % count as u64) as usize,
            (None, Then::Stay) => 0,
        }
    }
}
