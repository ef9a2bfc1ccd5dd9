//! What an exploration has seen so far.

use super::outcome::{Failure, FailureKind};
use crate::engine::portfolio::Strategy;
use crate::engine::run::{End, Uses};
use crate::engine::schedule::Schedule;
use crate::engine::{MAIN, Run};

/// Schedules that are still run after the first failure, to see how many fail.
const AFTER_FAILURE: usize = 100;

/// What was seen so far.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) schedules: usize,
    /// Steps of all schedules together.
    pub(super) steps: usize,
    /// Schedules that were chosen uniformly at each step, and the sum of their widths.
    walks: (usize, f64),
    pub(super) failures: usize,
    pub(super) first: Option<First>,
    pub(super) uses: Uses,
    pub(super) reached: Vec<(String, bool)>,
    /// Steps of the longest schedule that ended by itself.
    pub(super) longest: usize,
    pub(super) any_choice: bool,
    /// Schedules that were given up, so that a search through all of them is none.
    pub(super) unfinished: usize,
    pub(super) leaked: usize,
    pub(super) left_running: usize,
    pub(super) unseen_panic: Option<String>,
    pub(super) stopped: Option<String>,
}

pub(super) struct First {
    pub(super) at: usize,
    pub(super) failure: Failure,
    pub(super) schedule: Schedule,
    pub(super) scheduler: String,
    pub(super) timing: bool,
}

impl Tally {
    /// Whether more schedules would tell nothing more.
    pub(super) fn done(&self) -> bool {
        let told = self.first.as_ref().is_some_and(|first| match first.failure.kind {
            FailureKind::TooLong
            | FailureKind::TooLarge
            | FailureKind::Flood
            | FailureKind::Escape => true,
            FailureKind::Wrong | FailureKind::Panic | FailureKind::Deadlock => {
                self.schedules >= first.at + AFTER_FAILURE
            }
        });
        told || self.stopped.is_some()
    }

    /// About how many schedules there are, as the random walks so far suggest.
    pub(super) fn estimate(&self) -> f64 {
        let (count, sum) = self.walks;
        if count == 0 { f64::INFINITY } else { sum / count as f64 }
    }

    pub(super) fn note(&mut self, run: &Run, scheduler: &str) {
        self.schedules += 1;
        self.steps += run.schedule.tasks.len();
        if scheduler == Strategy::Random.to_string() && run.rules().is_plain() {
            self.walks.0 += 1;
            self.walks.1 += run.width;
        }
        self.any_choice |= run.choices > 0 || !run.schedule.picks.is_empty();
        self.uses.spurious |= run.uses.spurious;
        self.uses.timers |= run.uses.timers;
        self.uses.tries |= run.uses.tries;
        self.uses.weak |= run.uses.weak;
        for (label, held) in &run.reached {
            match self.reached.iter_mut().find(|(known, _)| known == label) {
                Some((_, reached)) => *reached |= held,
                None => self.reached.push((label.clone(), *held)),
            }
        }
        match run.end {
            Some(End::TooLong) => self.unfinished += 1,
            _ => self.longest = self.longest.max(run.schedule.tasks.len()),
        }
        let unfinished = run.tasks[MAIN..].iter().filter(|task| !task.finished).count();
        self.leaked += unfinished + usize::from(unfinished > 0);
        if !run.stopped() {
            self.left_running = self.left_running.max(unfinished);
        }
        if let Some(End::Returned(_)) = run.end
            && let Some(task) = run.tasks.iter().position(|task| task.panicked && !task.joined)
            && let Some(panic) = run.panics.iter().find(|panic| panic.task == task)
        {
            let note =
                format!("{} panicked and nobody noticed: {}", run.task_name(task), panic.message);
            self.unseen_panic.get_or_insert(note);
        }
    }

    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        notes.extend(self.stopped.clone());
        if self.left_running > 0 {
            notes.push(format!(
                "{} thread(s) had not ended when the test ended, and nobody waited for them",
                self.left_running
            ));
        }
        notes.extend(self.unseen_panic.clone());
        if self.unfinished > 0 {
            notes.push(format!(
                "{} schedule(s) were given up because one thread kept spinning",
                self.unfinished
            ));
        }
        notes
    }
}
