use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The judgement on a test or a lesson: a closed set, the same word in every report.
///
/// Ordered from best to worst, so that the verdict on a lesson is the maximum
/// over its tests. What explains more stands further down: a program that
/// deadlocks also prints too little, and `deadlock` is the better word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything that was checked holds.
    Pass,
    /// Works, but nothing ever ran at once.
    Serialised,
    /// A property does not hold, in every run.
    WrongOutput,
    /// A zombie, an orphan or a kernel object was left behind.
    Leak,
    /// Right only because of a sleep.
    Timing,
    /// Fails under some schedules and passes under others.
    Race,
    /// Ended by a panic or a signal.
    Crash,
    /// Ran past its bound and could not be diagnosed.
    Timeout,
    /// Uses the processor and makes no progress.
    Livelock,
    /// Proved: every task waits for another that waits.
    Deadlock,
    /// Took more memory, processes or output than it may.
    Limit,
    /// Uses what the lesson does not allow.
    Forbidden,
    /// The compiler refused it.
    DoesNotCompile,
    /// Tried to change what judges it.
    Tampered,
    /// A fault of the grader or its host: never a zero.
    NotGradable,
}

impl Verdict {
    /// Every verdict, from best to worst.
    pub const ALL: [Self; 15] = [
        Self::Pass,
        Self::Serialised,
        Self::WrongOutput,
        Self::Leak,
        Self::Timing,
        Self::Race,
        Self::Crash,
        Self::Timeout,
        Self::Livelock,
        Self::Deadlock,
        Self::Limit,
        Self::Forbidden,
        Self::DoesNotCompile,
        Self::Tampered,
        Self::NotGradable,
    ];

    /// The word used in every report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Serialised => "serialised",
            Self::WrongOutput => "wrong-output",
            Self::Leak => "leak",
            Self::Timing => "timing",
            Self::Race => "race",
            Self::Crash => "crash",
            Self::Timeout => "timeout",
            Self::Livelock => "livelock",
            Self::Deadlock => "deadlock",
            Self::Limit => "limit",
            Self::Forbidden => "forbidden",
            Self::DoesNotCompile => "does-not-compile",
            Self::Tampered => "tampered",
            Self::NotGradable => "not-gradable",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownVerdict(pub String);

impl fmt::Display for UnknownVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<_> = Verdict::ALL.iter().map(|verdict| verdict.as_str()).collect();
        write!(f, "`{}` is not a verdict; use one of {}", self.0, known.join(", "))
    }
}

impl std::error::Error for UnknownVerdict {}

impl FromStr for Verdict {
    type Err = UnknownVerdict;

    fn from_str(word: &str) -> Result<Self, UnknownVerdict> {
        let found = Self::ALL.into_iter().find(|verdict| verdict.as_str() == word);
        found.ok_or_else(|| UnknownVerdict(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_has_one_word_in_text_and_in_json() {
        for verdict in Verdict::ALL {
            assert_eq!(verdict.as_str().parse(), Ok(verdict));
            let json = serde_json::to_string(&verdict).unwrap();
            assert_eq!(json, format!("\"{verdict}\""));
        }
    }

    #[test]
    fn verdicts_are_listed_from_best_to_worst() {
        assert!(Verdict::ALL.is_sorted());
    }

    #[test]
    fn an_unknown_word_is_answered_with_the_known_ones() {
        let error = "passed".parse::<Verdict>().unwrap_err().to_string();
        assert!(
            error.contains("`passed` is not a verdict; use one of pass, serialised"),
            "{error}"
        );
    }
}
