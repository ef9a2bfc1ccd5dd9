use std::fmt;

use observation::{Observation, Verdict, WaitFor};
use serde::{Deserialize, Serialize};

/// Names the file that takes the finding of a failed test, as JSON.
///
/// Set by the grader; each test runs in a process of its own there.
pub const FINDING_VARIABLE: &str = "INTERLEAVE_FINDING";

/// What a check answers.
pub type Checked<T = ()> = Result<T, Finding>;

/// Why a property does not hold: the evidence, in words and as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Whether the property was shown not to hold, or could not be checked.
    pub outcome: Outcome,
    /// The kind of failure.
    pub verdict: Verdict,
    /// One sentence: what is expected and what was seen.
    pub claim: String,
    /// What was seen, in a few lines; may be empty.
    pub evidence: String,
    /// How the program was called, so that the run can be repeated by hand.
    pub command: Option<String>,
    /// Who waited for whom, if the run hung.
    pub wait_for: Option<WaitFor>,
    /// In how many runs the property failed.
    pub tally: Option<Tally>,
    /// The run that it is about, without its output.
    #[serde(default)]
    pub run: Option<Box<Observation>>,
    /// How a picture of such a run is drawn, or where it is.
    #[serde(default)]
    pub picture: Option<String>,
}

/// What became of a check that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The property does not hold.
    Failed,
    /// This host does not show what the check needs; nobody's fault.
    NotCheckable,
    /// The program could not be run or observed: a fault of ours, never the student's.
    Broken,
}

/// `failed` of `runs` runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Runs in which the property failed.
    pub failed: u32,
    /// Runs in all.
    pub runs: u32,
}

impl Finding {
    /// The property does not hold; `claim` says what was expected and what was seen.
    pub fn new(verdict: Verdict, claim: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Failed,
            verdict,
            claim: claim.into(),
            evidence: String::new(),
            command: None,
            wait_for: None,
            tally: None,
            run: None,
            picture: None,
        }
    }

    /// The commonest kind: the program shows the wrong thing.
    pub fn wrong(claim: impl Into<String>) -> Self {
        Self::new(Verdict::WrongOutput, claim)
    }

    /// The host does not show what is needed; `reason` says why.
    pub fn not_checkable(reason: impl Into<String>) -> Self {
        let finding = Self::new(Verdict::NotGradable, reason);
        Self { outcome: Outcome::NotCheckable, ..finding }
    }

    /// The run itself failed for a reason that is not the program's.
    pub fn broken(reason: impl Into<String>) -> Self {
        let finding = Self::new(Verdict::NotGradable, reason);
        Self { outcome: Outcome::Broken, ..finding }
    }

    /// The same finding under another verdict.
    #[must_use]
    pub fn judged(self, verdict: Verdict) -> Self {
        Self { verdict, ..self }
    }

    /// The same finding with what was seen.
    #[must_use]
    pub fn seeing(self, evidence: impl Into<String>) -> Self {
        Self { evidence: evidence.into(), ..self }
    }

    /// Ok if `holds`, else this finding.
    pub fn unless(self, holds: bool) -> Checked {
        if holds { Ok(()) } else { Err(self) }
    }
}

/// Evidence first, then how to see it again.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.outcome {
            Outcome::Failed => self.verdict.as_str(),
            Outcome::NotCheckable => "not checkable here",
            Outcome::Broken => "the check itself failed",
        };
        writeln!(f, "{kind}: {}", self.claim)?;
        for line in self.evidence.lines() {
            writeln!(f, "    {line}")?;
        }
        if let Some(Tally { failed, runs }) = self.tally {
            writeln!(f, "seen in {failed} of {runs} runs")?;
        }
        if let Some(command) = &self.command {
            writeln!(f, "run it yourself: {command}")?;
        }
        if let Some(picture) = &self.picture {
            writeln!(f, "draw what happens: {picture}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_evidence_first_then_how_to_repeat_it() {
        let mut finding = Finding::wrong("the final value is 2, not 3").seeing("main: value=2");
        finding.tally = Some(Tally { failed: 3, runs: 8 });
        finding.command = Some("cargo run -p semaphore -- --workers 5".to_owned());
        finding.picture =
            Some("INTERLEAVE_TIMELINE=run.svg cargo test -p semaphore --test semaphore".to_owned());
        insta::assert_snapshot!(finding.to_string(), @"
        wrong-output: the final value is 2, not 3
            main: value=2
        seen in 3 of 8 runs
        run it yourself: cargo run -p semaphore -- --workers 5
        draw what happens: INTERLEAVE_TIMELINE=run.svg cargo test -p semaphore --test semaphore
        ");
    }

    #[test]
    fn a_finding_survives_the_way_to_the_grader() {
        let finding = Finding::new(Verdict::Deadlock, "the program hangs").seeing("a\nb");
        let json = serde_json::to_string(&finding).unwrap();
        assert_eq!(serde_json::from_str::<Finding>(&json).unwrap(), finding);
    }
}
