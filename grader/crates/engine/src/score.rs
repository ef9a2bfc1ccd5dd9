//! Turns what became of a submission into the report's terms.

use course::{Language, Lesson, LessonId};
use kit::Finding;
use observation::Verdict;
use report::{Evidence, GradedLesson, Report, Run, Submission, Tally, Work};

use crate::class::Graded;
use crate::grade::{Outcome, Workshop};
use crate::judge::Judgement;

/// The report on a class.
pub fn report(workshop: &Workshop, graded: &[Graded], lessons: &[LessonId], run: Run) -> Report {
    let language = run.language;
    let submissions = graded
        .iter()
        .map(|graded| score(graded, workshop.lesson(&graded.submission.lesson), language));
    let submissions = submissions.collect();
    let lessons = workshop.course().lessons().filter(|lesson| lessons.contains(&lesson.id));
    let lessons = lessons.map(|lesson| GradedLesson::new(lesson, language)).collect();
    Report::new(run, lessons, submissions)
}

/// Scores one submission.
pub fn score(graded: &Graded, lesson: &Lesson, language: Language) -> Submission {
    let work = Work {
        student: graded.submission.student.clone(),
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
        Ok(Outcome::Judged { tests, .. }) => report::grade(work, lesson, language, |name| {
            let (_, judgement) = tests.iter().find(|(test, _)| test == name)?;
            Some(outcome(judgement))
        }),
    }
}

fn outcome(judgement: &Judgement) -> report::Outcome {
    match judgement {
        Judgement::Passed => report::Outcome::Passed,
        Judgement::NotCheckable(reason) => report::Outcome::NotCheckable { reason: reason.clone() },
        Judgement::Failed(finding) => report::Outcome::Failed {
            verdict: finding.verdict,
            message: message(finding),
            evidence: Evidence {
                wait_for: finding.wait_for.clone(),
                witness: finding.command.clone(),
                tally: finding.tally.map(|tally| Tally { failed: tally.failed, runs: tally.runs }),
            },
        },
    }
}

/// The claim, then what was seen.
fn message(finding: &Finding) -> String {
    match finding.evidence.trim_end() {
        "" => finding.claim.clone(),
        evidence => format!("{}\n{evidence}", finding.claim),
    }
}
