//! JUnit XML in Jenkins' flavour: one suite per submission, one case per test.
//!
//! For instructors: hidden tests are in it. A test that could not be judged is
//! an error, so that it does not count as a failure of the student's; one that
//! did not run because of what the student handed in is a failure.

use std::time::Duration;

use chrono::DateTime;
use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use crate::evidence;
use crate::model::{Report, Submission, TestResult, TestStatus};
use crate::{printable, printable_lines};

/// The report as one XML document.
pub fn render(report: &Report) -> String {
    let mut document = quick_junit::Report::new(report.run.course.as_str());
    document.timestamp = DateTime::parse_from_rfc3339(&report.run.started).ok();
    document.add_test_suites(report.submissions.iter().map(suite));
    document.to_string().expect("a string takes all that is written")
}

fn suite(submission: &Submission) -> TestSuite {
    let mut suite =
        TestSuite::new(format!("{}/{}", printable(&submission.student), submission.lesson));
    suite.set_time(Duration::from_millis(submission.duration_ms));
    let score = submission.score.map_or("unknown".to_owned(), |score| score.to_string());
    for (name, value) in [
        ("student", printable(&submission.student).into_owned()),
        ("lesson", submission.lesson.to_string()),
        ("verdict", submission.verdict.to_string()),
        ("score", score),
        ("max-score", submission.max_score.to_string()),
    ] {
        suite.add_property(Property::new(name, value));
    }
    if let Some(message) = &submission.message {
        suite.set_system_err(printable_lines(message));
    }
    suite.add_test_cases(submission.tests.iter().map(|test| case(submission, test)));
    suite
}

fn case(submission: &Submission, test: &TestResult) -> TestCase {
    let mut case = TestCase::new(test.name.as_str(), status(test));
    case.set_classname(class_name(submission));
    case
}

/// Jenkins takes what stands before the last dot for the package.
fn class_name(submission: &Submission) -> String {
    format!("{}.{}", printable(&submission.student).replace('.', "_"), submission.lesson)
}

fn status(test: &TestResult) -> TestCaseStatus {
    let kind = match (test.status, test.score) {
        (TestStatus::Passed, _) => return TestCaseStatus::success(),
        (TestStatus::NotCheckable, _) | (_, None) => NonSuccessKind::Error,
        (TestStatus::Failed | TestStatus::NotRun, Some(_)) => NonSuccessKind::Failure,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(test.verdict.as_str());
    status.set_message(headline(test));
    let details = details(test);
    if !details.is_empty() {
        status.set_description(details);
    }
    status
}

/// The verdict and the first line of what was seen.
fn headline(test: &TestResult) -> String {
    let first = test.message.as_deref().and_then(|message| message.lines().next());
    match first {
        Some(first) => format!("{}: {}", test.verdict, printable(first)),
        None => test.verdict.to_string(),
    }
}

fn details(test: &TestResult) -> String {
    let mut lines: Vec<_> = test.message.clone().into_iter().collect();
    lines.extend(test.evidence.iter().flat_map(evidence::lines));
    lines.extend(test.hint.as_ref().map(|hint| format!("hint: {hint}")));
    printable_lines(&lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use course::Language;

    use super::*;
    use crate::specimen::class;

    #[test]
    fn a_class_renders_to_one_document() {
        insta::assert_snapshot!(render(&class(Language::En)));
    }

    #[test]
    fn no_character_that_xml_forbids_gets_into_the_document() {
        let mut report = class(Language::En);
        let last_of_planes =
            (0..=0x10).flat_map(|plane| [plane << 16 | 0xfffe, plane << 16 | 0xffff]);
        let every: String = (0..=0xffff).chain(last_of_planes).filter_map(char::from_u32).collect();
        report.submissions[0].student = every.clone();
        report.submissions[0].message = Some(every.clone());
        report.submissions[4].tests[0].message = Some(every);
        let legal = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        let text = render(&report);
        assert_eq!(text.chars().find(|c| !legal(*c)), None);
        assert!(quick_junit::Report::deserialize_from_str(&text).is_ok());
    }
}
