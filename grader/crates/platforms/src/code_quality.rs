//! GitLab's code quality report: an array of what is wrong, each at a line of the student's file.
//!
//! Its reader stops at the first entry that it does not like, so every entry has every field.

use std::io::{self, Write};

use observation::Verdict;
use report::{Submission, TestResult, TestStatus, printable};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::text;

/// The report of these submissions, whose files lie at `path(submission)`.
pub fn render(submissions: &[Submission], path: impl Fn(&Submission) -> String) -> String {
    let mut writer = Writer::new(Vec::new()).expect("memory takes all that is written");
    for submission in submissions {
        let path = path(submission);
        writer.submission(submission, &path).expect("memory takes all that is written");
    }
    let bytes = writer.finish().expect("memory takes all that is written");
    String::from_utf8(bytes).expect("JSON is text")
}

/// Writes a report of any length, one submission after the other.
pub struct Writer<W: Write> {
    to: W,
    any: bool,
}

impl<W: Write> Writer<W> {
    /// Begins a report.
    pub fn new(mut to: W) -> io::Result<Self> {
        write!(to, "[")?;
        Ok(Self { to, any: false })
    }

    /// Writes what is wrong with the next submission, whose file is called `path`.
    pub fn submission(&mut self, submission: &Submission, path: &str) -> io::Result<()> {
        for entry in entries(submission, path) {
            let front = if self.any { ",\n" } else { "\n" };
            self.any = true;
            write!(self.to, "{front}{entry}")?;
        }
        Ok(())
    }

    /// Ends it.
    pub fn finish(mut self) -> io::Result<W> {
        writeln!(self.to, "\n]")?;
        Ok(self.to)
    }
}

fn entries(submission: &Submission, path: &str) -> Vec<Value> {
    let refused = submission.tests.iter().all(|test| test.status == TestStatus::NotRun);
    if refused && let (Some(message), Some(_)) = (&submission.message, submission.score) {
        // One reason for all tests is one entry.
        let first = message.lines().next().unwrap_or_default();
        let what = format!("{}: {}", submission.verdict, printable(first));
        let line = text::line_in(message).unwrap_or(1);
        return vec![entry(submission, "submission", submission.verdict, &what, path, line)];
    }
    let wrong = submission.tests.iter();
    let wrong = wrong.filter(|test| test.status == TestStatus::Failed && test.score.is_some());
    wrong.map(|test| failed(submission, test, path)).collect()
}

fn failed(submission: &Submission, test: &TestResult, path: &str) -> Value {
    let what = format!("{}: {}", printable(test.label()), text::in_one_line(test));
    let line = text::line(test).unwrap_or(1);
    entry(submission, test.name.as_str(), test.verdict, &what, path, line)
}

fn entry(
    submission: &Submission,
    check: &str,
    verdict: Verdict,
    what: &str,
    path: &str,
    line: u32,
) -> Value {
    json!({
        "description": text::clipped(what, 2000),
        "check_name": format!("{}/{check}", submission.lesson),
        "fingerprint": fingerprint(&[&submission.student, submission.lesson.as_str(), check]),
        "severity": severity(verdict),
        "location": { "path": path, "lines": { "begin": line } },
    })
}

fn fingerprint(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\0"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn severity(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass | Verdict::NotGradable => "info",
        Verdict::Serialised | Verdict::Timing | Verdict::Leak => "minor",
        Verdict::WrongOutput | Verdict::Timeout | Verdict::Limit => "major",
        Verdict::Race | Verdict::Livelock | Verdict::Deadlock | Verdict::Crash => "critical",
        Verdict::Forbidden | Verdict::DoesNotCompile | Verdict::Tampered => "blocker",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen::{KINDS, SECRETS, sitting};

    fn rendered(kind: &str) -> String {
        render(&sitting(kind).submissions, |_| "exercises/semaphore/src/lib.rs".to_owned())
    }

    #[test]
    fn every_report_follows_the_schema() {
        let schema = include_str!("../schemas/gitlab-code-quality.schema.json");
        let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
        for kind in KINDS {
            let text = rendered(kind);
            let report = serde_json::from_str(&text).unwrap();
            assert!(schema.is_valid(&report), "{text}");
            assert!(!SECRETS.iter().any(|secret| text.contains(secret)), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_stands_where_it_is() {
        let report: Value = serde_json::from_str(&rendered("deadlock")).unwrap();
        assert_eq!(report.as_array().unwrap().len(), 1);
        assert_eq!(report[0]["location"]["lines"]["begin"], 13);
        assert_eq!(report[0]["severity"], "critical");
        let report: Value = serde_json::from_str(&rendered("does-not-compile")).unwrap();
        assert_eq!(report[0]["location"]["lines"]["begin"], 12);
    }

    #[test]
    fn nothing_is_said_where_nothing_is_wrong_or_nothing_is_known() {
        for kind in ["full", "stopped", "broken-hidden"] {
            assert_eq!(serde_json::from_str::<Value>(&rendered(kind)).unwrap(), json!([]));
        }
    }
}
