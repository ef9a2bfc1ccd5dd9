//! Depth-first search through all schedules.

use std::cell::Cell;
use std::rc::Rc;

use shuttle_engine::scheduler::{Task, TaskId as Id};

use super::Run;
use super::director::Chooser;
use super::schedule::Rules;

/// Takes every combination of choices once, the last choice varying fastest.
#[derive(Debug)]
pub(crate) struct Dfs {
    rules: Rules,
    /// Per choice with more than one possibility: which was taken, of how many.
    path: Vec<(u32, u32)>,
    depth: usize,
    begun: bool,
    /// Whether every combination was taken.
    exhausted: Rc<Cell<bool>>,
}

impl Dfs {
    pub(crate) fn new(rules: Rules, exhausted: Rc<Cell<bool>>) -> Self {
        Self { rules, path: Vec::new(), depth: 0, begun: false, exhausted }
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
            self.exhausted.set(true);
            return None;
        }
        self.begun = true;
        self.depth = 0;
        Some(Run::new(epoch, self.rules))
    }

    fn next(&mut self, candidates: &[&Task], current: Option<Id>, yielding: bool) -> Id {
        let count = candidates.len();
        // The thread that runs comes first, so that the first schedules have few switches;
        // one that yields comes last.
        let stays = current
            .and_then(|current| candidates.iter().position(|task| task.id() == current))
            .filter(|_| !yielding);
        let first = stays.unwrap_or_else(|| {
            let after = |task: &&Task| current.is_none_or(|current| task.id() > current);
            candidates.iter().position(after).unwrap_or(0)
        });
        candidates[(first + self.choose(count)) % count].id()
    }

    fn pick(&mut self, count: usize) -> usize {
        self.choose(count)
    }
}
