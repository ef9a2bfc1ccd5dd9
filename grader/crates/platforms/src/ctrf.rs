//! The Common Test Report Format: JSON whose objects are closed, so points stand in `extra`.

use std::io::{self, Write};

use report::{Run, Submission, TestResult, TestStatus, printable};
use serde::Serialize;
use serde_json::{Value, json};

use crate::text;

/// The version of the format that is written.
const SPEC: &str = "0.0.0";

#[derive(Clone, Debug, Default, Serialize)]
struct Summary {
    tests: u64,
    passed: u64,
    failed: u64,
    skipped: u64,
    pending: u64,
    other: u64,
    start: u64,
    stop: u64,
}

/// The report of these submissions.
pub fn render(run: &Run, submissions: &[Submission]) -> String {
    let mut writer = Writer::new(Vec::new(), run).expect("memory takes all that is written");
    for submission in submissions {
        writer.submission(submission).expect("memory takes all that is written");
    }
    let bytes = writer.finish().expect("memory takes all that is written");
    String::from_utf8(bytes).expect("JSON is text")
}

/// Writes a report of any length, one submission after the other.
pub struct Writer<W: Write> {
    to: W,
    any: bool,
    summary: Summary,
}

impl<W: Write> Writer<W> {
    /// Writes all that comes before the submissions.
    pub fn new(mut to: W, run: &Run) -> io::Result<Self> {
        let tool = json!({ "name": "interleave", "version": run.grader });
        let extra = json!({
            "course": run.course.as_str(), "toolchain": run.toolchain, "confinement": run.confinement,
        });
        write!(
            to,
            "{{\"reportFormat\":\"CTRF\",\"specVersion\":\"{SPEC}\",\"results\":{{\"tool\":{tool},\"extra\":{extra},\"tests\":["
        )?;
        let start = milliseconds(&run.started);
        Ok(Self { to, any: false, summary: Summary { start, stop: start, ..Summary::default() } })
    }

    /// Writes the tests of the next submission.
    pub fn submission(&mut self, submission: &Submission) -> io::Result<()> {
        self.summary.stop += submission.duration_ms;
        for test in &submission.tests {
            let status = status(test);
            self.summary.tests += 1;
            match status {
                "passed" => self.summary.passed += 1,
                "failed" => self.summary.failed += 1,
                _ => self.summary.other += 1,
            }
            let front = if self.any { ",\n" } else { "\n" };
            self.any = true;
            write!(self.to, "{front}{}", entry(submission, test, status))?;
        }
        Ok(())
    }

    /// Writes what comes after the submissions.
    pub fn finish(mut self) -> io::Result<W> {
        writeln!(self.to, "\n],\"summary\":{}}}}}", text::json_line(&self.summary))?;
        Ok(self.to)
    }
}

fn entry(submission: &Submission, test: &TestResult, status: &str) -> Value {
    let student = printable(&submission.student);
    let mut entry = json!({
        "name": format!("{}: {}", submission.lesson, printable(test.label())),
        "status": status,
        // Submissions are timed, and tests are not.
        "duration": 0,
        "suite": [student, submission.lesson.as_str()],
        "rawStatus": test.verdict.as_str(),
        "extra": {
            "student": student,
            "lesson": submission.lesson.as_str(),
            "test": test.name.as_str(),
            "points": test.score,
            "max_points": test.max_score,
        },
    });
    if test.status != TestStatus::Passed {
        entry["message"] = json!(text::in_one_line(test));
        entry["trace"] = json!(text::of_test(test));
    }
    entry
}

/// What could not be judged is `other`: no failure of the student's.
fn status(test: &TestResult) -> &'static str {
    match (test.status, test.score) {
        (TestStatus::Passed, _) => "passed",
        (TestStatus::NotCheckable, _) | (_, None) => "other",
        (TestStatus::Failed | TestStatus::NotRun, Some(_)) => "failed",
    }
}

fn milliseconds(moment: &str) -> u64 {
    let read = chrono::DateTime::parse_from_rfc3339(moment);
    read.ok().and_then(|read| u64::try_from(read.timestamp_millis()).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen::{KINDS, SECRETS, sitting};

    fn schema() -> jsonschema::Validator {
        let schema = include_str!("../schemas/ctrf.schema.json");
        jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
    }

    #[test]
    fn every_report_follows_the_schema_and_counts_right() {
        for kind in KINDS {
            let sitting = sitting(kind);
            let text = render(&sitting.run, &sitting.submissions);
            let report: Value = serde_json::from_str(&text).unwrap();
            let wrong: Vec<_> =
                schema().iter_errors(&report).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{kind}: {wrong:?}");
            let tests = report["results"]["tests"].as_array().unwrap();
            for word in ["passed", "failed", "other"] {
                let count = tests.iter().filter(|test| test["status"] == word).count();
                assert_eq!(report["results"]["summary"][word], count, "{kind}: {word}");
            }
            assert!(!SECRETS.iter().any(|secret| text.contains(secret)), "{text}");
        }
    }

    #[test]
    fn a_report_of_nothing_is_one_too() {
        let report = serde_json::from_str(&render(&crate::specimen::run(), &[])).unwrap();
        assert!(schema().is_valid(&report));
    }
}
