//! Shuttle's randomised schedulers, taking turns.

use std::mem::ManuallyDrop;

use shuttle_engine::scheduler::{Scheduler, Task, TaskId as Id};
use shuttle_schedulers::{PctScheduler, RandomScheduler, UrwRandomScheduler};

use super::Run;
use super::director::{Chooser, Wish};
use super::schedule::Rules;

/// A randomised way of choosing schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Uniform over interleavings, by an estimate of how long each thread is.
    Urw,
    /// Uniform over threads, at each step.
    Random,
    /// Priorities that change at this many points less one.
    Pct(u8),
}

impl Strategy {
    /// Those that are used unless others are asked for. None of them dominates.
    pub const ALL: [Self; 5] = [Self::Urw, Self::Random, Self::Pct(2), Self::Pct(3), Self::Pct(6)];

    fn scheduler(self, seed: u64) -> Box<dyn Scheduler> {
        match self {
            Self::Urw => Box::new(UrwRandomScheduler::new_from_seed(seed, usize::MAX)),
            Self::Random => Box::new(RandomScheduler::new_from_seed(seed, usize::MAX)),
            Self::Pct(depth) => {
                Box::new(PctScheduler::new_from_seed(seed, usize::from(depth), usize::MAX))
            }
        }
    }
}

impl std::fmt::Display for Strategy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Urw => f.write_str("urw"),
            Self::Random => f.write_str("random"),
            Self::Pct(depth) => write!(f, "pct-{depth}"),
        }
    }
}

/// Takes the next schedule from each strategy in turn.
pub(crate) struct Portfolio {
    /// Never dropped: Shuttle's random scheduler takes that for a failure, and prints.
    strategies: ManuallyDrop<Vec<(Strategy, Box<dyn Scheduler>)>>,
    /// One set of rules per round, repeated.
    rules: Vec<Rules>,
    begun: usize,
    count: usize,
}

impl Portfolio {
    pub(crate) fn new(strategies: &[Strategy], seed: u64, rules: Vec<Rules>, count: usize) -> Self {
        let strategies = strategies
            .iter()
            .enumerate()
            .map(|(index, &strategy)| (strategy, strategy.scheduler(mix(seed, index))))
            .collect();
        let strategies = ManuallyDrop::new(strategies);
        Self { strategies, rules, begun: 0, count }
    }

    /// The strategy of the schedule that was begun last.
    pub(crate) fn strategy(&self) -> Strategy {
        self.strategies[self.turn()].0
    }

    fn turn(&self) -> usize {
        self.begun.saturating_sub(1) % self.strategies.len()
    }
}

impl Chooser for Portfolio {
    fn begin(&mut self, epoch: u64) -> Option<Run> {
        if self.begun == self.count {
            return None;
        }
        let rules = self.rules[self.begun / self.strategies.len() % self.rules.len()];
        self.begun += 1;
        let turn = self.turn();
        self.strategies[turn].1.new_execution()?;
        Some(Run::new(epoch, rules))
    }

    fn next(&mut self, candidates: &[&Task], current: Option<Id>, wish: Wish) -> Id {
        if wish == Wish::Turns {
            let picked = self.pick(candidates.len());
            return candidates[picked].id();
        }
        let turn = self.turn();
        let yields = wish == Wish::Yield;
        let chosen = self.strategies[turn].1.next_task(candidates, current, yields);
        chosen.unwrap_or_else(|| candidates[0].id())
    }

    fn pick(&mut self, count: usize) -> usize {
        let turn = self.turn();
        (self.strategies[turn].1.next_u64() % count as u64) as usize
    }
}

/// A seed of its own for each strategy.
fn mix(seed: u64, index: usize) -> u64 {
    let mut mixed = seed ^ (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^= mixed >> 30;
    mixed = mixed.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^ (mixed >> 27)
}
