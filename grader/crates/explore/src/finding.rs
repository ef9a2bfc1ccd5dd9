//! What an explored test reports.

use std::path::PathBuf;

use observation::{Place, Verdict, WaitFor};
use serde::{Deserialize, Serialize};

/// The report of one test, as the look-alike writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The test.
    pub name: String,
    /// The file that its executable is made from, within a crate; two may have tests of one name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The judgement.
    pub verdict: Verdict,
    /// How many schedules were run.
    pub schedules: u64,
    /// Whether these were all there are.
    pub exhaustive: bool,
    /// How many failed.
    pub failures: u64,
    /// The number of the first that failed, from 1.
    pub first_failure_at: Option<u64>,
    /// What chose it.
    pub scheduler: String,
    /// The seed, in decimal.
    pub seed: String,
    /// The failing schedule.
    pub schedule: Option<String>,
    /// What happened.
    pub message: String,
    /// Who waited for whom.
    pub wait_for: Option<WaitFor>,
    /// The failing schedule as a table.
    pub interleaving: String,
    /// The names of its threads.
    #[serde(default)]
    pub threads: Vec<String>,
    /// Its steps.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// What it printed.
    #[serde(default)]
    pub output: String,
    /// What else is worth knowing.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// One step of the failing schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Whose, as an index into the threads.
    pub thread: usize,
    /// Where in the source.
    pub at: Option<Place>,
    /// What.
    pub text: String,
    /// What it means for `object`.
    #[serde(default)]
    pub effect: Option<Effect>,
    /// The object that is taken, released or waited for.
    #[serde(default)]
    pub object: Option<String>,
}

/// What a step means for an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// From now on the thread holds it.
    Takes,
    /// From now on it does not.
    Releases,
    /// From now on it waits for it.
    Waits,
}

impl Finding {
    /// A test that ended without a report.
    pub(crate) fn unreported(name: &str, verdict: Verdict, message: String) -> Self {
        Self {
            name: name.to_owned(),
            file: None,
            verdict,
            schedules: 0,
            exhaustive: false,
            failures: 0,
            first_failure_at: None,
            scheduler: String::new(),
            seed: String::new(),
            schedule: None,
            message,
            wait_for: None,
            interleaving: String::new(),
            threads: Vec::new(),
            steps: Vec::new(),
            output: String::new(),
            notes: Vec::new(),
        }
    }

    /// Whether no schedule fails.
    pub fn passed(&self) -> bool {
        self.verdict == Verdict::Pass
    }

    /// Whether `other` is the same failure, found again.
    pub fn is_like(&self, other: &Self) -> bool {
        let sentence = |message: &str| {
            message.split("; only when timers").next().unwrap_or_default().to_owned()
        };
        !self.passed() && !other.passed() && sentence(&self.message) == sentence(&other.message)
    }
}
