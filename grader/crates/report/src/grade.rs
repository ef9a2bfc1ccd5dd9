use std::collections::BTreeMap;

use course::{Language, Lesson, Points, Test, TestName};
use observation::Verdict;

use crate::model::{Evidence, Status, Submission, TestResult, TestStatus};

/// Whose work was graded, and what that took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// The student, as the folder names them.
    pub student: String,
    /// How long grading took, in milliseconds.
    pub duration_ms: u64,
    /// How often grading was tried, from 1.
    pub attempts: u32,
}

/// What became of one test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All that it checks holds.
    Passed,
    /// Something that it checks does not.
    Failed {
        /// Why; `pass` counts as `wrong-output`, because something failed.
        verdict: Verdict,
        /// What was seen.
        message: String,
        /// What the verdict rests on.
        evidence: Evidence,
    },
    /// This host cannot show what it checks.
    NotCheckable {
        /// What is missing.
        reason: String,
    },
}

/// Scores a submission whose tests ran.
///
/// The verdict is the worst of the tests', and the score the sum of the passed ones. A test
/// of the lesson for which `outcome` has no answer did not report, and one that this host
/// cannot check has no score either: the submission then is not gradable, because no sum
/// without them would be right.
pub fn grade(
    work: Work,
    lesson: &Lesson,
    language: Language,
    mut outcome: impl FnMut(&TestName) -> Option<Outcome>,
) -> Submission {
    let tests = lesson.tests.iter();
    let tests: Vec<_> = tests.map(|test| result(test, language, outcome(&test.name))).collect();
    let verdict = tests.iter().map(|test| test.verdict).max().unwrap_or(Verdict::NotGradable);
    let message = unscored(&tests);
    submission(work, lesson, verdict, message, tests)
}

/// Records a submission whose tests did not run: `does-not-compile`, `forbidden`, `tampered`
/// and their like score zero, `not-gradable` scores nothing at all. `message` says why.
pub fn ungraded(
    work: Work,
    lesson: &Lesson,
    language: Language,
    verdict: Verdict,
    message: String,
) -> Submission {
    let tests = lesson.tests.iter();
    let tests = tests.map(|test| not_run(test, language, verdict)).collect();
    submission(work, lesson, verdict, Some(message), tests)
}

fn submission(
    work: Work,
    lesson: &Lesson,
    verdict: Verdict,
    message: Option<String>,
    tests: Vec<TestResult>,
) -> Submission {
    let graded = verdict != Verdict::NotGradable;
    Submission {
        student: work.student,
        lesson: lesson.id.clone(),
        files: BTreeMap::new(),
        status: if graded { Status::Graded } else { Status::NotGradable },
        verdict,
        score: if graded { tests.iter().map(|test| test.score).sum() } else { None },
        max_score: lesson.max_score(),
        duration_ms: work.duration_ms,
        attempts: work.attempts,
        handed_in: None,
        grade: None,
        message,
        tests,
    }
}

fn result(test: &Test, language: Language, outcome: Option<Outcome>) -> TestResult {
    let base = not_run(test, language, Verdict::NotGradable);
    match outcome {
        None => TestResult { message: Some("the test did not report".to_owned()), ..base },
        Some(Outcome::Passed) => TestResult {
            status: TestStatus::Passed,
            verdict: Verdict::Pass,
            score: Some(test.points),
            ..base
        },
        Some(Outcome::Failed { verdict, message, evidence }) => {
            let verdict = if verdict == Verdict::Pass { Verdict::WrongOutput } else { verdict };
            let hint = test.hint.as_ref().and_then(|hint| hint.for_verdict(verdict));
            TestResult {
                status: TestStatus::Failed,
                verdict,
                score: (verdict != Verdict::NotGradable).then_some(Points::ZERO),
                message: Some(message),
                hint: hint.map(|hint| hint.get(language).to_owned()),
                evidence: Some(evidence).filter(|evidence| *evidence != Evidence::default()),
                ..base
            }
        }
        Some(Outcome::NotCheckable { reason }) => {
            TestResult { status: TestStatus::NotCheckable, message: Some(reason), ..base }
        }
    }
}

fn not_run(test: &Test, language: Language, verdict: Verdict) -> TestResult {
    TestResult {
        name: test.name.clone(),
        title: test.title.as_ref().map(|title| title.get(language).to_owned()),
        status: TestStatus::NotRun,
        verdict,
        score: (verdict != Verdict::NotGradable).then_some(Points::ZERO),
        max_score: test.points,
        visibility: test.visibility,
        extra: test.extra,
        message: None,
        hint: None,
        evidence: None,
    }
}

/// Which tests have no score, and why; none if all have one.
fn unscored(tests: &[TestResult]) -> Option<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for test in tests.iter().filter(|test| test.score.is_none()) {
        let message = test.message.as_deref().unwrap_or_default();
        match reasons.iter_mut().find(|(reason, _)| *reason == message) {
            Some((_, names)) => names.push(test.name.as_str()),
            None => reasons.push((message, vec![test.name.as_str()])),
        }
    }
    let lines = reasons.iter().map(|(reason, names)| format!("{}: {reason}", names.join(", ")));
    (!reasons.is_empty()).then(|| lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen::{course, work};

    fn failed(verdict: Verdict) -> Option<Outcome> {
        Some(Outcome::Failed { verdict, message: String::new(), evidence: Evidence::default() })
    }

    fn graded(outcomes: [Option<Outcome>; 4]) -> Submission {
        let course = course();
        let mut outcomes = outcomes.into_iter();
        let lesson = course.lesson("semaphore").unwrap();
        grade(work("ada"), lesson, Language::En, |_| outcomes.next().unwrap())
    }

    fn passed() -> Option<Outcome> {
        Some(Outcome::Passed)
    }

    #[test]
    fn the_score_is_the_exact_sum_of_the_passed_tests() {
        let full = graded([passed(), passed(), passed(), failed(Verdict::Race)]);
        assert_eq!(full.score, Some("3.75".parse().unwrap()));
        assert_eq!(full.max_score, "3.75".parse().unwrap());
        let some = graded([passed(), failed(Verdict::Leak), passed(), failed(Verdict::Race)]);
        assert_eq!(some.score, Some("2.75".parse().unwrap()));
    }

    #[test]
    fn extra_credit_goes_over_the_maximum() {
        let all = graded([passed(), passed(), passed(), passed()]);
        assert_eq!((all.score, all.verdict), (Some("4.25".parse().unwrap()), Verdict::Pass));
        assert_eq!(all.max_score, "3.75".parse().unwrap());
    }

    #[test]
    fn the_verdict_is_the_worst_of_the_tests() {
        let some = graded([
            failed(Verdict::WrongOutput),
            failed(Verdict::Deadlock),
            passed(),
            failed(Verdict::Leak),
        ]);
        assert_eq!(some.verdict, Verdict::Deadlock);
    }

    #[test]
    fn a_test_that_cannot_be_checked_or_did_not_report_leaves_no_score_and_says_so() {
        let reason = "no ptrace here".to_owned();
        let unknown =
            graded([passed(), Some(Outcome::NotCheckable { reason }), None, failed(Verdict::Race)]);
        assert_eq!((unknown.status, unknown.score), (Status::NotGradable, None));
        assert_eq!(
            unknown.message.as_deref(),
            Some("final_value: no ptrace here\nno_zombies: the test did not report")
        );
        let scores: Vec<_> = unknown.tests.iter().map(|test| test.score).collect();
        assert_eq!(scores, [Some("2.5".parse().unwrap()), None, None, Some(Points::ZERO)]);
    }

    #[test]
    fn a_reason_that_several_tests_have_is_said_once() {
        let same = || Some(Outcome::NotCheckable { reason: "no ptrace here".to_owned() });
        let unknown = graded([same(), passed(), same(), passed()]);
        let names = [0, 2].map(|index| unknown.tests[index].name.to_string()).join(", ");
        assert_eq!(unknown.message, Some(format!("{names}: no ptrace here")));
    }

    #[test]
    fn a_failure_never_counts_as_a_pass() {
        let odd = graded([failed(Verdict::Pass), passed(), passed(), passed()]);
        assert_eq!((odd.verdict, odd.tests[0].score), (Verdict::WrongOutput, Some(Points::ZERO)));
    }

    #[test]
    fn a_hint_fits_the_verdict() {
        let hint =
            |verdict| graded([failed(verdict), passed(), passed(), passed()]).tests[0].hint.clone();
        assert_eq!(hint(Verdict::Deadlock).as_deref(), Some("Release on every path."));
        assert_eq!(hint(Verdict::Crash).as_deref(), Some("Count who is inside."));
        assert_eq!(hint(Verdict::NotGradable), None);
    }

    #[test]
    fn what_does_not_compile_scores_zero_and_what_is_not_gradable_scores_nothing() {
        let course = course();
        let lesson = course.lesson("semaphore").unwrap();
        for (verdict, status, score) in [
            (Verdict::DoesNotCompile, Status::Graded, Some(Points::ZERO)),
            (Verdict::NotGradable, Status::NotGradable, None),
        ] {
            let found = ungraded(work("ada"), lesson, Language::En, verdict, "why".to_owned());
            assert_eq!((found.verdict, found.status, found.score), (verdict, status, score));
            assert!(found.tests.iter().all(|test| test.status == TestStatus::NotRun
                && test.verdict == verdict
                && test.score == score));
        }
    }
}
