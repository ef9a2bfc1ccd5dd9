//! GitHub Actions: annotations in the log, and the summary of a job in Markdown.
//!
//! The runner obeys every line of a log that begins with `::`. Annotations are one line each, with all
//! that could end them encoded; whole sheets stand between two lines that stop commands, by a
//! token that nobody could know beforehand.

use report::{Submission, TestResult, TestStatus, printable};

use crate::{Sitting, text};

/// GitHub takes no larger summary of a step.
const SUMMARY: usize = 1 << 20;

/// Annotations of one kind that GitHub shows for a step.
const SHOWN: usize = 10;

/// What goes into the log: annotations, then the sheet. `token` must not be known to anybody whose
/// text is in the report; `path` says where a submission's file lies in the repository.
pub fn log(sitting: &Sitting, path: impl Fn(&Submission) -> String, token: &str) -> String {
    let annotations = sitting.submissions.iter().flat_map(|each| annotations(each, &path(each)));
    let mut log: String = annotations.take(SHOWN).collect();
    for note in &sitting.notes {
        log += &command("notice", &[("title", "interleave")], note);
    }
    log += &format!("::stop-commands::{token}\n");
    for line in sitting.sheet().lines() {
        log += &format!("  {line}\n");
    }
    log + &format!("::{token}::\n")
}

/// A line for each failure of `submission`, whose file is called `path`.
pub fn annotations(submission: &Submission, path: &str) -> Vec<String> {
    let refused = submission.tests.iter().all(|test| test.status == TestStatus::NotRun);
    if refused && let (Some(message), Some(_)) = (&submission.message, submission.score) {
        let line = text::line_in(message).unwrap_or(1).to_string();
        let title = format!("{}: {}", submission.lesson, submission.verdict);
        let at = [("file", path), ("line", &line), ("title", &title)];
        return vec![command("error", &at, &text::printable_lines(message))];
    }
    let failed = submission.tests.iter().filter(|test| test.status == TestStatus::Failed);
    failed.map(|test| annotation(submission, test, path)).collect()
}

fn annotation(submission: &Submission, test: &TestResult, path: &str) -> String {
    let line = text::line(test).unwrap_or(1).to_string();
    let title = format!("{}: {}", submission.lesson, printable(test.label()));
    let at = [("file", path), ("line", &line), ("title", &title)];
    command("error", &at, &text::of_test(test))
}

fn command(name: &str, properties: &[(&str, &str)], message: &str) -> String {
    let properties: Vec<_> =
        properties.iter().map(|(name, value)| format!("{name}={}", property(value))).collect();
    format!("::{name} {}::{}\n", properties.join(","), encoded(message))
}

fn encoded(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    encoded(text).replace(':', "%3A").replace(',', "%2C")
}

/// The summary of a job, in Markdown: a table of tests, then the sheet as it is.
pub fn summary(sitting: &Sitting) -> String {
    let mut summary = format!("## {}\n\n", sitting.headline());
    for submission in &sitting.submissions {
        summary += &table(submission, "tests");
    }
    let sheet = sitting.sheet();
    summary += &fenced(&text::clipped(&sheet, SUMMARY / 2));
    match summary.len() > SUMMARY {
        true => {
            format!("## {}\n\n{}", sitting.headline(), fenced(&text::clipped(&sheet, SUMMARY / 2)))
        }
        false => summary,
    }
}

/// The tests of one submission as a table under the name `whose`.
pub fn table(submission: &Submission, whose: &str) -> String {
    let mut table = format!(
        "### {}: {} {}\n\n| test | verdict | points |\n| --- | --- | --- |\n",
        cell(&printable(whose)),
        submission.lesson,
        submission.verdict
    );
    for test in &submission.tests {
        let points = test.score.map_or_else(|| "?".to_owned(), |score| score.to_string());
        let label = cell(&printable(test.label()));
        table += &format!("| {label} | {} | {points} of {} |\n", test.verdict, test.max_score);
    }
    table + "\n"
}

/// Text in a cell of a table: no markup, no second cell.
fn cell(text: &str) -> String {
    let mut cell = String::new();
    for c in text.chars() {
        match c {
            '<' | '>' | '&' | '"' | '\'' => cell += &text::escaped(&c.to_string()),
            c if c.is_ascii_punctuation() && c != '-' && c != '.' => cell.extend(['\\', c]),
            c => cell.push(c),
        }
    }
    cell
}

/// A block that no run of backticks in `text` ends.
fn fenced(text: &str) -> String {
    let runs = text.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or(0).max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen::{KINDS, SECRETS, sitting};

    const TOKEN: &str = "a-token-of-this-run";

    fn logged(kind: &str) -> String {
        log(&sitting(kind), |_| "src/lib.rs".to_owned(), TOKEN)
    }

    /// The commands that a runner would obey.
    fn obeyed(log: &str) -> Vec<&str> {
        let mut stopped = false;
        let mut obeyed = Vec::new();
        for line in log.lines() {
            if line == format!("::{TOKEN}::") {
                stopped = false;
            } else if line.starts_with("::stop-commands::") {
                stopped = true;
            } else if !stopped && (line.trim_start().starts_with("::") || line.contains("##[")) {
                obeyed.push(line);
            }
        }
        obeyed
    }

    #[test]
    fn a_runner_obeys_our_annotations_alone() {
        for kind in KINDS {
            let log = logged(kind);
            let obeyed = obeyed(&log);
            let ours = |line: &&&str| line.starts_with("::error file=src/lib.rs,line=");
            assert_eq!(obeyed.iter().filter(ours).count(), obeyed.len(), "{log}");
            assert!(!SECRETS.iter().any(|secret| log.contains(secret)), "{log}");
        }
        assert_eq!(obeyed(&logged("full")), [""; 0]);
        assert!(obeyed(&logged("deadlock"))[0].starts_with(
            "::error file=src/lib.rs,line=13,title=semaphore%3A At most three are inside::verdict: deadlock%0A"
        ));
    }

    #[test]
    fn a_summary_is_ours_up_to_the_block_and_students_do_not_end_it() {
        for kind in KINDS {
            let summary = summary(&sitting(kind));
            let fence = summary.lines().find(|line| line.starts_with("```")).unwrap();
            let fence = fence.trim_end_matches("text");
            let ends = summary.lines().filter(|line| line.trim_start().starts_with(fence));
            assert_eq!(ends.count(), 2, "{summary}");
            assert!(summary.ends_with(&format!("{fence}\n")));
            assert!(!SECRETS.iter().any(|secret| summary.contains(secret)), "{summary}");
        }
    }

    #[test]
    fn a_cell_is_one_cell() {
        assert_eq!(cell("a|b <c> `d`"), "a\\|b &lt;c&gt; \\`d\\`");
    }
}
