//! What an exploration found.

mod json;
mod text;
mod wait_for;

use crate::engine::Run;
use crate::engine::run::End;
use crate::engine::schedule::Schedule;
pub use crate::engine::trace::Effect;

pub(crate) use wait_for::wait_for;
pub use wait_for::{Edge, Node, SourceLine, WaitFor};

/// The judgement on an explored test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// No schedule fails.
    Pass,
    /// An outcome that the test asks for occurs in no schedule.
    Serialised,
    /// The test's own assertion fails in every schedule.
    WrongOutput,
    /// Fails only when timers fire early: right because of a sleep.
    Timing,
    /// Fails in some schedules and passes in others.
    Race,
    /// Panics in every schedule.
    Crash,
    /// Never ends, even under a fair scheduler.
    Livelock,
    /// All threads wait for each other.
    Deadlock,
    /// Prints or allocates more than it may.
    Limit,
    /// Leaves what can be explored: it ends the process.
    Forbidden,
}

impl Verdict {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Serialised => "serialised",
            Self::WrongOutput => "wrong-output",
            Self::Timing => "timing",
            Self::Race => "race",
            Self::Crash => "crash",
            Self::Livelock => "livelock",
            Self::Deadlock => "deadlock",
            Self::Limit => "limit",
            Self::Forbidden => "forbidden",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// The result of exploring one test.
///
/// `Display` writes it for a person, [`Report::to_json`] for a program.
#[derive(Clone, Debug)]
pub struct Report {
    /// The test.
    pub name: String,
    /// The judgement.
    pub verdict: Verdict,
    /// How many schedules were run.
    pub schedules: usize,
    /// Whether these were all there are.
    pub exhaustive: bool,
    /// How many of them failed. After the first failure only a few more are run.
    pub failures: usize,
    /// The number of the first that failed, from 1.
    pub first_failure_at: Option<usize>,
    /// The strategy that chose it, `exhaustive` or `replay`.
    pub scheduler: String,
    /// The seed of the exploration.
    pub seed: u64,
    /// The failing schedule, shortened: the same choices give the same failure.
    pub schedule: Option<Schedule>,
    /// One sentence on what happened.
    pub message: String,
    /// Who waited for whom, for a deadlock.
    pub wait_for: Option<WaitFor>,
    /// The failing schedule for people: one column per thread, one row per step.
    pub interleaving: String,
    /// The same, as data.
    pub steps: Vec<Step>,
    /// The names of the threads, in the order of `Step::thread`.
    pub threads: Vec<String>,
    /// What the failing schedule printed.
    pub output: String,
    /// What else is worth knowing: what was not explored, threads that nobody joined.
    pub notes: Vec<String>,
}

/// One row of an interleaving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which thread acts, as an index into [`Report::threads`].
    pub thread: usize,
    /// Where in the source.
    pub at: Option<SourceLine>,
    /// What it does.
    pub text: String,
    /// What that means for which object.
    pub effect: Option<(Effect, String)>,
}

impl Report {
    pub(crate) fn new(name: &str, seed: u64) -> Self {
        Self {
            name: name.to_owned(),
            verdict: Verdict::Pass,
            schedules: 0,
            exhaustive: false,
            failures: 0,
            first_failure_at: None,
            scheduler: "portfolio".into(),
            seed,
            schedule: None,
            message: String::new(),
            wait_for: None,
            interleaving: String::new(),
            steps: Vec::new(),
            threads: Vec::new(),
            output: String::new(),
            notes: Vec::new(),
        }
    }

    /// Takes over what a traced schedule shows.
    pub(crate) fn show(&mut self, run: &Run) {
        self.interleaving = text::interleaving(run);
        self.steps = text::steps(run);
        self.threads = text::threads(run);
        self.output.clone_from(&run.output);
        if run.end == Some(End::Deadlock) {
            self.wait_for = Some(wait_for(run));
        }
    }

    /// Whether no schedule fails and every outcome asked for occurs.
    pub fn passed(&self) -> bool {
        self.verdict == Verdict::Pass
    }
}
