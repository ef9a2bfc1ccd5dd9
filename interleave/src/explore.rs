//! Explores the schedules of a test and judges what it saw.

mod outcome;
mod phases;
mod run_schedules;
mod shorten;
mod tally;
mod test;
pub(crate) mod watchdog;

use std::sync::Arc;

use crate::engine::{statics, with_run};
use crate::finding::Report;
use crate::{Schedule, Strategy};

use run_schedules::Body;

pub use outcome::{ShouldPanic, TestResult};
pub use test::__explore_test;

/// Explores `body` with the usual settings, and panics with the report if it does not pass.
///
/// `body` runs once per schedule and must do the same each time under the same schedule: it
/// may not depend on the real time, on random numbers or on what an earlier run left behind.
pub fn explore<R: TestResult>(body: impl Fn() -> R + Send + Sync + 'static) {
    let name = std::thread::current().name().unwrap_or("explored").to_owned();
    test::conclude(&Explore::from_environment(&name).run(body));
}

/// Remembers the statics of the crate that `path` begins with.
fn remember_statics_of(path: &str) {
    let name = |letter: char| !letter.is_alphanumeric() && letter != '_';
    statics::remember(path.split(name).next().unwrap_or_default());
}

/// Requires that `condition` is true here in at least one schedule, the verdict being
/// `serialised` otherwise. Catches solutions that lock so much that nothing runs at once.
pub fn reachable(label: &str, condition: bool) {
    with_run(|run| match run.reached.iter_mut().find(|(known, _)| known == label) {
        Some((_, reached)) => *reached |= condition,
        None => run.reached.push((label.to_owned(), condition)),
    });
}

/// What the program has printed so far in this schedule.
pub fn printed() -> String {
    with_run(|run| run.output.clone()).unwrap_or_default()
}

/// Steps of a test's schedules: a few tenths of a second.
const USUAL_STEPS: usize = 500_000;

/// The settings of an exploration.
///
/// The same settings and program give the same report: nothing depends on the clock unless
/// [`Explore::time_limit`] is set.
#[derive(Clone, Debug)]
pub struct Explore {
    pub(crate) name: String,
    pub(crate) schedules: usize,
    pub(crate) exhaustive_up_to: usize,
    pub(crate) steps: usize,
    pub(crate) seed: u64,
    pub(crate) strategies: Vec<Strategy>,
    pub(crate) timing: bool,
    pub(crate) time_limit: Option<std::time::Duration>,
    pub(crate) should_panic: ShouldPanic,
    pub(crate) replay: Option<Schedule>,
}

impl Explore {
    /// 5,000 schedules by all strategies, up to 20,000 of an exhaustive search, seed 1.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            schedules: 5_000,
            exhaustive_up_to: 20_000,
            steps: usize::MAX,
            seed: 1,
            strategies: Strategy::ALL.to_vec(),
            timing: true,
            time_limit: None,
            should_panic: ShouldPanic::No,
            replay: None,
        }
    }

    /// How many schedules the strategies choose.
    #[must_use]
    pub fn schedules(mut self, schedules: usize) -> Self {
        self.schedules = schedules.max(1);
        self
    }

    /// How many schedules a search through all of them may take; 0 for none.
    #[must_use]
    pub fn exhaustive_up_to(mut self, schedules: usize) -> Self {
        self.exhaustive_up_to = schedules;
        self
    }

    /// How many steps the strategies' schedules may take together, and again as many those of
    /// an exhaustive search. A bound on time that is the same on every machine; some hundreds
    /// of schedules are always run.
    #[must_use]
    pub fn steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// What the strategies' choices depend on.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Which strategies take turns.
    #[must_use]
    pub fn strategies(mut self, strategies: &[Strategy]) -> Self {
        self.strategies = strategies.to_vec();
        self
    }

    /// Does not try what happens when timers fire early.
    #[must_use]
    pub fn without_timing(mut self) -> Self {
        self.timing = false;
        self
    }

    /// Stops after this much real time. The report says so, and may differ between hosts.
    #[must_use]
    pub fn time_limit(mut self, limit: std::time::Duration) -> Self {
        self.time_limit = Some(limit);
        self
    }

    /// Whether a panic of the body is what is asked for.
    #[must_use]
    pub fn should_panic(mut self, should_panic: ShouldPanic) -> Self {
        self.should_panic = should_panic;
        self
    }

    /// Runs one schedule only.
    #[must_use]
    pub fn replay(mut self, schedule: Schedule) -> Self {
        self.replay = Some(schedule);
        self
    }

    /// What a test gets: [`Explore::new`] within 500,000 steps, changed by
    /// `INTERLEAVE_SCHEDULES` (which lifts that bound), `INTERLEAVE_EXHAUSTIVE`,
    /// `INTERLEAVE_STEPS`, `INTERLEAVE_SEED`, `INTERLEAVE_TIME_MS` and `INTERLEAVE_REPLAY`.
    ///
    /// # Panics
    ///
    /// If a variable is set to something else than it may be.
    pub fn from_environment(name: &str) -> Self {
        let mut explore = Self::new(name).steps(USUAL_STEPS);
        let number = |variable: &str| {
            std::env::var(variable).ok().map(|text| {
                text.parse::<u64>()
                    .unwrap_or_else(|_| panic!("{variable} must be a number, not `{text}`"))
            })
        };
        if let Some(schedules) = number("INTERLEAVE_SCHEDULES") {
            explore = explore.schedules(schedules as usize).steps(usize::MAX);
        }
        if let Some(steps) = number("INTERLEAVE_STEPS") {
            explore = explore.steps(steps as usize);
        }
        if let Some(schedules) = number("INTERLEAVE_EXHAUSTIVE") {
            explore = explore.exhaustive_up_to(schedules as usize);
        }
        if let Some(seed) = number("INTERLEAVE_SEED") {
            explore = explore.seed(seed);
        }
        if let Some(limit) = number("INTERLEAVE_TIME_MS") {
            explore = explore.time_limit(std::time::Duration::from_millis(limit));
        }
        if let Ok(schedule) = std::env::var("INTERLEAVE_REPLAY") {
            let schedule = schedule.parse::<Schedule>().unwrap_or_else(|error| panic!("{error}"));
            explore = explore.replay(schedule);
        }
        explore
    }

    /// Explores `body`.
    pub fn run<R: TestResult, B>(&self, body: B) -> Report
    where
        B: Fn() -> R + Send + Sync + 'static,
    {
        remember_statics_of(std::any::type_name::<B>());
        self.run_body(Arc::new(move || body().error()))
    }

    fn run_body(&self, body: Body) -> Report {
        phases::explore(self, body)
    }
}
