//! JUnit XML in Jenkins' flavour: one suite per submission, one case per test.
//!
//! For instructors: hidden tests are in it. A test that could not be judged is
//! an error, so that it does not count as a failure of the student's; one that
//! did not run because of what the student handed in is a failure.

use std::io::{self, Write};
use std::time::Duration;

use chrono::DateTime;
use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use crate::evidence::details;
use crate::model::{Report, Run, Submission, TestResult, TestStatus};
use crate::{printable, printable_lines};

/// The report as one XML document.
pub fn render(report: &Report) -> String {
    document(&report.run, &report.submissions)
}

fn document(run: &Run, submissions: &[Submission]) -> String {
    let mut document = quick_junit::Report::new(run.course.as_str());
    let started = DateTime::parse_from_rfc3339(&run.started).ok();
    document.add_test_suites(submissions.iter().map(|submission| {
        let mut suite = suite(submission);
        suite.timestamp = started;
        suite
    }));
    let text = document.to_string().expect("a string takes all that is written");
    // Jenkins' schema allows it to suites alone; the root's attributes come first.
    text.replacen(" skipped=\"0\"", "", 1)
}

/// How many tests there are, which the document says before any of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    tests: usize,
    failures: usize,
    errors: usize,
}

impl Totals {
    /// Counts in one submission.
    pub fn add(&mut self, submission: &Submission) {
        self.tests += submission.tests.len();
        for kind in submission.tests.iter().filter_map(non_success) {
            match kind {
                NonSuccessKind::Failure => self.failures += 1,
                NonSuccessKind::Error => self.errors += 1,
            }
        }
    }
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
    }
}

/// Writes a document of any length, one submission after the other.
pub struct Writer<W: Write> {
    to: W,
    run: Run,
}

const END: &str = "</testsuites>";

impl<W: Write> Writer<W> {
    /// Writes all that comes before the submissions.
    pub fn new(mut to: W, run: &Run, totals: Totals) -> io::Result<Self> {
        let empty = document(run, &[]);
        let head = empty.trim_end().trim_end_matches(END).trim_end().trim_end_matches('>');
        let Totals { tests, failures, errors } = totals;
        let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\"");
        let none = "tests=\"0\" failures=\"0\" errors=\"0\"";
        let head = head.trim_end_matches('/').replacen(none, &counts, 1);
        writeln!(to, "{head}>")?;
        Ok(Self { to, run: run.clone() })
    }

    /// Writes the next submission.
    pub fn submission(&mut self, submission: &Submission) -> io::Result<()> {
        let alone = document(&self.run, std::slice::from_ref(submission));
        let start = alone.find("    <testsuite ").unwrap_or(0);
        let end = alone.rfind(END).unwrap_or(alone.len());
        self.to.write_all(&alone.as_bytes()[start..end])
    }

    /// Writes what comes after the submissions.
    pub fn finish(mut self) -> io::Result<W> {
        writeln!(self.to, "{END}")?;
        Ok(self.to)
    }
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

fn non_success(test: &TestResult) -> Option<NonSuccessKind> {
    match (test.status, test.score) {
        (TestStatus::Passed, _) => None,
        (TestStatus::NotCheckable, _) | (_, None) => Some(NonSuccessKind::Error),
        (TestStatus::Failed | TestStatus::NotRun, Some(_)) => Some(NonSuccessKind::Failure),
    }
}

fn status(test: &TestResult) -> TestCaseStatus {
    let Some(kind) = non_success(test) else { return TestCaseStatus::success() };
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
    fn the_root_says_nothing_that_the_schema_of_jenkins_refuses() {
        let text = render(&class(Language::En));
        let root =
            text.split("<testsuites ").nth(1).and_then(|rest| rest.split('>').next()).unwrap();
        let names = root.split_whitespace().map(|attribute| attribute.split('=').next().unwrap());
        let known = ["name", "time", "tests", "failures", "errors"];
        assert!(names.into_iter().all(|name| known.contains(&name)), "{root}");
    }

    #[test]
    fn a_document_written_piece_by_piece_is_the_same_to_the_byte() {
        let report = class(Language::En);
        let mut totals = Totals::default();
        report.submissions.iter().for_each(|submission| totals.add(submission));
        let mut writer = Writer::new(Vec::new(), &report.run, totals).unwrap();
        for submission in &report.submissions {
            writer.submission(submission).unwrap();
        }
        let written = String::from_utf8(writer.finish().unwrap()).unwrap();
        assert_eq!(written, render(&report));
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
