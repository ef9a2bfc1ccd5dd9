//! Judges the course's own submissions again and again, while the machine is under strain.
//!
//! A verdict must not depend on how busy a machine is. Whatever fails here once is a
//! false alarm, and whatever passes once is a mistake that the tests can miss.
//!
//! What was judged is on record, under everything that it depends on, so that runs add up
//! from one certification to the next.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use course::LessonId;
use intake::Submission;
use jail::Slot;
use observation::Verdict;
use records::{Cache, Digest, Hasher};
use serde::{Deserialize, Serialize};

use crate::Workshop;
use crate::check::{CheckError, Expected, Specimen, specimens_of};
use crate::fingerprint::Fingerprints;
use crate::grade::Outcome;
use crate::judge::Judgement;

/// What became of one submission of the course's own in all its runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// The lesson.
    pub lesson: LessonId,
    /// Which of its submissions: `solution`, or the folder.
    pub part: String,
    /// The verdict that it has to get.
    pub expected: Verdict,
    /// How often it got which verdict.
    pub verdicts: BTreeMap<Verdict, u32>,
    /// Why it could not be graded, if it could not.
    pub broken: Option<String>,
    /// The first run that did not get the expected verdict: which test failed, and what it said.
    pub odd: Option<String>,
}

/// How the submissions are judged.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// How many at the same time.
    pub jobs: NonZeroUsize,
    /// How often each, those on record included.
    pub runs: NonZeroU32,
    /// The name of the strain.
    pub strain: &'a str,
    /// When to begin with no further submission.
    pub until: Option<Instant>,
    /// What each run depends on besides the submission.
    pub fingerprints: &'a Fingerprints,
    /// Where trials are kept.
    pub record: &'a Cache,
}

impl Trial {
    /// Runs of a right submission that failed.
    pub fn false_alarms(&self) -> u32 {
        if self.expected == Verdict::Pass { self.runs() - self.got(Verdict::Pass) } else { 0 }
    }

    /// Runs of a wrong submission that passed.
    pub fn misses(&self) -> u32 {
        if self.expected == Verdict::Pass { 0 } else { self.got(Verdict::Pass) }
    }

    /// Runs of a wrong submission that failed with another verdict than it has to get.
    pub fn other_verdicts(&self) -> u32 {
        match self.expected {
            Verdict::Pass => 0,
            expected => self.runs() - self.got(expected) - self.got(Verdict::Pass),
        }
    }

    /// How often it was judged.
    pub fn runs(&self) -> u32 {
        self.verdicts.values().sum()
    }

    fn count(&mut self, outcome: &Outcome) {
        let verdict = verdict(outcome);
        *self.verdicts.entry(verdict).or_default() += 1;
        if verdict != self.expected {
            self.odd.get_or_insert_with(|| why(outcome));
        }
    }

    fn got(&self, verdict: Verdict) -> u32 {
        self.verdicts.get(&verdict).copied().unwrap_or(0)
    }
}

/// Judges every right and every known-wrong submission of `lessons`, the right ones first,
/// each compiled once; `tell` hears of each that is done, and of how many there are.
pub fn certify(
    root: &Path,
    workshop: &Workshop,
    lessons: &[LessonId],
    way: Way<'_>,
    tell: &(dyn Fn(&Trial, usize) + Sync),
) -> Result<Vec<Trial>, CheckError> {
    let mut specimens = Vec::new();
    for lesson in lessons.iter().map(|id| workshop.lesson(id)) {
        let own = specimens_of(root, lesson)?;
        specimens.extend(own.into_iter().filter_map(|(submission, specimen)| {
            Some((submission, expected(&specimen)?, specimen.part))
        }));
    }
    specimens.sort_by_key(|(_, expected, _)| *expected != Verdict::Pass);
    let next = AtomicUsize::new(0);
    let trials = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for slot in (0..).map(Slot).take(way.jobs.get()) {
            let (specimens, next, trials) = (&specimens, &next, &trials);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some((submission, expected, part)) = specimens.get(index) else { return };
                    let trial = try_out(workshop, submission, *expected, part, slot, way);
                    tell(&trial, specimens.len());
                    let mut trials = trials.lock().expect("nobody panics while holding this");
                    trials.push((index, trial));
                }
            });
        }
    });
    let mut trials = trials.into_inner().expect("nobody panics while holding this");
    trials.sort_by_key(|(index, _)| *index);
    Ok(trials.into_iter().map(|(_, trial)| trial).collect())
}

/// The verdict that a specimen has to get; none for the stub, which only has to fail.
fn expected(specimen: &Specimen) -> Option<Verdict> {
    match &specimen.expected {
        Expected::FullMarks => Some(Verdict::Pass),
        Expected::Failure | Expected::Nothing => None,
        Expected::Exactly(expectation) => Some(expectation.verdict),
    }
}

fn try_out(
    workshop: &Workshop,
    submission: &Submission,
    expected: Verdict,
    part: &str,
    slot: Slot,
    way: Way<'_>,
) -> Trial {
    let files = submission.read();
    let key = under(way.strain, way.fingerprints.submission(&submission.lesson, &files));
    let mut trial = way.record.get(&key).unwrap_or_else(|| Trial {
        lesson: submission.lesson.clone(),
        part: part.to_owned(),
        expected,
        verdicts: BTreeMap::new(),
        broken: None,
        odd: None,
    });
    // What has to come out may have been put down anew.
    trial.expected = expected;
    let left = NonZeroU32::new(way.runs.get().saturating_sub(trial.runs()));
    let in_time = way.until.is_none_or(|until| Instant::now() < until);
    let Some(runs) = left.filter(|_| in_time) else { return trial };
    match workshop.rehearse(&submission.lesson, &files, slot, runs) {
        Err(error) => trial.broken = Some(error.to_string()),
        Ok(outcomes) => {
            outcomes.iter().for_each(|outcome| trial.count(outcome));
            // Without a record it is judged again next time, and nothing worse.
            let _ = way.record.put(&key, &trial);
        }
    }
    trial
}

fn under(strain: &str, submission: Digest) -> Digest {
    Hasher::default().part("certification").part(strain).part(submission.to_string()).finish()
}

/// The worst verdict of its tests.
fn verdict(outcome: &Outcome) -> Verdict {
    match outcome {
        Outcome::Refused { verdict, .. } => *verdict,
        Outcome::Judged { tests, .. } => {
            let verdicts = tests.iter().map(|(_, judgement)| match judgement {
                Judgement::Passed => Verdict::Pass,
                Judgement::Failed(finding) => finding.verdict,
                Judgement::NotCheckable(_) => Verdict::NotGradable,
            });
            verdicts.max().unwrap_or(Verdict::Pass)
        }
    }
}

fn why(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Refused { message, .. } => message.clone(),
        Outcome::Judged { tests, .. } => {
            let failed = tests.iter().find_map(|(name, judgement)| match judgement {
                Judgement::Passed => None,
                Judgement::Failed(finding) => Some(format!("{name}: {finding}")),
                Judgement::NotCheckable(reason) => Some(format!("{name}: {reason}")),
            });
            failed.unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(expected: Verdict, verdicts: &[(Verdict, u32)]) -> Trial {
        Trial {
            lesson: "lock".parse().unwrap(),
            part: "solution".to_owned(),
            expected,
            verdicts: verdicts.iter().copied().collect(),
            broken: None,
            odd: None,
        }
    }

    #[test]
    fn a_right_submission_that_fails_once_is_a_false_alarm() {
        let trial = trial(Verdict::Pass, &[(Verdict::Pass, 9), (Verdict::Timeout, 1)]);
        assert_eq!((trial.false_alarms(), trial.misses(), trial.other_verdicts()), (1, 0, 0));
    }

    #[test]
    fn runs_under_one_strain_are_not_taken_for_those_under_another() {
        let submission = Hasher::default().part("x").finish();
        assert_eq!(under("nice", submission), under("nice", submission));
        assert_ne!(under("nice", submission), under("one-core", submission));
    }

    #[test]
    fn a_wrong_submission_that_passes_is_missed_and_one_with_another_word_is_told() {
        let verdicts = [(Verdict::Race, 7), (Verdict::Pass, 2), (Verdict::Crash, 1)];
        let trial = trial(Verdict::Race, &verdicts);
        assert_eq!((trial.false_alarms(), trial.misses(), trial.other_verdicts()), (0, 2, 1));
    }
}
