//! Turns what became of a submission into the report's terms.

use std::path::{Path, PathBuf};

use ::explore::{self, Finding as Exploration};
use course::{Language, Lesson};
use kit::Finding;
use observation::Verdict;
use report::{Evidence, HandedIn, Submission, Tally, Work};

use crate::class::Graded;
use crate::grade::Outcome;
use crate::judge::Judgement;

/// Scores one submission.
pub fn score(graded: &Graded<'_>, lesson: &Lesson, language: Language) -> Submission {
    let attempt = &graded.submission.attempt;
    let handed_in = HandedIn {
        attempt: attempt.number,
        at: attempt.at.as_ref().map(ToString::to_string),
        late: attempt.late,
    };
    let told = attempt.number > 1 || attempt.at.is_some() || attempt.late.is_some();
    Submission {
        handed_in: told.then_some(handed_in),
        files: graded.hashes.clone(),
        ..scored(graded, lesson, language)
    }
}

fn scored(graded: &Graded<'_>, lesson: &Lesson, language: Language) -> Submission {
    let work = Work {
        student: graded.submission.student.to_string(),
        duration_ms: u64::try_from(graded.duration.as_millis()).unwrap_or(u64::MAX),
        attempts: graded.attempts,
    };
    match &graded.outcome {
        Err(reason) => {
            report::ungraded(work, lesson, language, Verdict::NotGradable, reason.clone())
        }
        Ok(Outcome::Refused { verdict, message }) => {
            report::ungraded(work, lesson, language, *verdict, message.clone())
        }
        Ok(Outcome::Judged { tests, explorations, .. }) => {
            report::grade(work, lesson, language, |name| {
                let (_, judgement) = tests.iter().find(|(test, _)| test == name)?;
                let drawn =
                    Path::new("pictures").join(shelf(graded.submission)).join(name.as_str());
                let mut outcome = outcome(judgement, &drawn);
                if let report::Outcome::Failed { evidence, .. } = &mut outcome {
                    let of_it = |said: &&Exploration| said.name == name.as_str();
                    let said =
                        explorations.iter().find(of_it).filter(|said| said.schedule.is_some());
                    evidence.replay = said.map(|_| witness(graded.submission, name.as_str()));
                }
                Some(outcome)
            })
        }
    }
}

/// Where the witness of the test `name` lies, seen from the results.
pub fn witness(submission: &intake::Submission, name: &str) -> String {
    let file = explore::Witness::file_name(name);
    format!("witnesses/{}/{file}", shelf(submission).display())
}

/// The folder that one attempt has to itself among those of all.
fn shelf(submission: &intake::Submission) -> PathBuf {
    let lesson = Path::new(submission.student.as_str()).join(submission.lesson.as_str());
    attempt_of(lesson, submission.attempt.number)
}

fn attempt_of(lesson: PathBuf, number: u32) -> PathBuf {
    if number > 1 { lesson.join(format!("attempt-{number}")) } else { lesson }
}

/// `drawn` is where pictures of the run belong, without their endings.
fn outcome(judgement: &Judgement, drawn: &Path) -> report::Outcome {
    match judgement {
        Judgement::Passed => report::Outcome::Passed,
        Judgement::NotCheckable(reason) => report::Outcome::NotCheckable { reason: reason.clone() },
        Judgement::Failed(finding) => report::Outcome::Failed {
            verdict: finding.verdict,
            message: message(finding),
            evidence: Evidence {
                wait_for: finding.wait_for.clone(),
                witness: finding.command.clone(),
                replay: None,
                tally: finding.tally.map(|tally| Tally { failed: tally.failed, runs: tally.runs }),
                pictures: pictures(finding, drawn),
                run: finding.run.clone(),
            },
        },
    }
}

/// The pictures that there are of a run: one of its lanes and, if it hung, of who waited
/// for whom.
fn pictures(finding: &Finding, drawn: &Path) -> Vec<String> {
    let Some(run) = &finding.run else { return Vec::new() };
    let waits = run.wait_for.as_ref().is_some_and(|graph| !graph.nodes.is_empty());
    let kinds = [Some("timeline"), waits.then_some("wait-for")];
    kinds.into_iter().flatten().map(|kind| format!("{}.{kind}.svg", drawn.display())).collect()
}

/// The claim, then what was seen.
fn message(finding: &Finding) -> String {
    match finding.evidence.trim_end() {
        "" => finding.claim.clone(),
        evidence => format!("{}\n{evidence}", finding.claim),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_attempts_do_not_share_their_pictures() {
        let lesson = || PathBuf::from("ada/lock");
        assert_eq!(attempt_of(lesson(), 1), Path::new("ada/lock"));
        assert_eq!(attempt_of(lesson(), 2), Path::new("ada/lock/attempt-2"));
    }
}
