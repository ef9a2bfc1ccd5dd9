//! Depth-first search through all schedules.

use std::cell::Cell;
use std::rc::Rc;

use shuttle_engine::scheduler::{Task, TaskId as Id};

use super::Run;
use super::director::{Chooser, Wish, after};
use super::schedule::Rules;

/// Takes every combination of choices once, the last choice varying fastest.
#[derive(Debug)]
pub(crate) struct Dfs {
    rules: Rules,
    /// Per choice with more than one possibility: which was taken, of how many.
    path: Vec<(u32, u32)>,
    depth: usize,
    begun: bool,
    /// Steps of the schedule under way.
    step: u64,
    /// Whether turns were given instead of trying each choice: threads may look for ever.
    cut: bool,
    /// Whether every combination was taken.
    exhausted: Rc<Cell<bool>>,
}

impl Dfs {
    pub(crate) fn new(rules: Rules, exhausted: Rc<Cell<bool>>) -> Self {
        Self { rules, path: Vec::new(), depth: 0, begun: false, step: 0, cut: false, exhausted }
    }

    fn choose(&mut self, count: usize) -> usize {
        if count < 2 {
            return 0;
        }
        if self.depth == self.path.len() {
            self.path.push((0, count as u32));
        }
        let (taken, of) = &mut self.path[self.depth];
        *of = count as u32;
        self.depth += 1;
        *taken as usize
    }

    /// Moves on to the next combination; false if there is none.
    fn advance(&mut self) -> bool {
        self.path.truncate(self.depth);
        while let Some((taken, of)) = self.path.last_mut() {
            if *taken + 1 < *of {
                *taken += 1;
                return true;
            }
            self.path.pop();
        }
        false
    }
}

impl Chooser for Dfs {
    fn begin(&mut self, epoch: u64) -> Option<Run> {
        if self.begun && !self.advance() {
            self.exhausted.set(!self.cut);
            return None;
        }
        self.begun = true;
        self.depth = 0;
        self.step = 0;
        Some(Run::new(epoch, self.rules))
    }

    fn next(&mut self, candidates: &[&Task], current: Option<Id>, wish: Wish) -> Id {
        let count = candidates.len();
        self.step += 1;
        if wish == Wish::Turns && count > 1 {
            self.cut = true;
            return candidates[scatter(self.step) % count].id();
        }
        // The thread that runs comes first, so that the first schedules have few switches;
        // one that yields comes last.
        let first = match current.filter(|_| wish == Wish::Any) {
            Some(stays) if candidates.iter().any(|task| task.id() == stays) => stays,
            Some(_) | None => after(candidates, current),
        };
        let first = candidates.iter().position(|task| task.id() == first).unwrap_or(0);
        candidates[(first + self.choose(count)) % count].id()
    }

    fn pick(&mut self, count: usize) -> usize {
        self.choose(count)
    }
}

/// A number that looks random: strict turns could keep threads in step for ever.
fn scatter(number: u64) -> usize {
    (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize
}
