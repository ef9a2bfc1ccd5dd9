//! Gradescope's `results.json`, for the submissions of one student.
//!
//! Hidden tests are handed over with their visibility. Gradescope then hides the
//! total from the student too; that is its own rule, and no format can change it.

use course::{Points, Visibility};
use serde::Serialize;

use crate::evidence;
use crate::model::{Submission, TestResult, TestStatus};
use crate::printable_lines;

/// The file for one student's submissions, one per lesson.
///
/// None if one of them is not gradable: without a file Gradescope reports a failure
/// of the autograder, which can be run again, whereas any file would record a score.
pub fn render(submissions: &[Submission]) -> Option<String> {
    let scores: Option<Vec<Points>> = submissions.iter().map(|each| each.score).collect();
    let milliseconds: u64 = submissions.iter().map(|each| each.duration_ms).sum();
    let file = File {
        score: scores?.iter().sum(),
        execution_time: milliseconds as f64 / 1000.0,
        output: messages(submissions),
        output_format: "text",
        test_output_format: "text",
        test_name_format: "text",
        stdout_visibility: "hidden",
        tests: submissions
            .iter()
            .enumerate()
            .flat_map(|(index, each)| tests(index + 1, each))
            .collect(),
    };
    Some(serde_json::to_string_pretty(&file).expect("plain data") + "\n")
}

#[derive(Serialize)]
struct File {
    score: Points,
    execution_time: f64,
    #[serde(skip_serializing_if = "String::is_empty")]
    output: String,
    output_format: &'static str,
    test_output_format: &'static str,
    test_name_format: &'static str,
    stdout_visibility: &'static str,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    name: String,
    number: String,
    score: Points,
    max_score: Points,
    status: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    output: String,
    visibility: &'static str,
    tags: [String; 2],
}

fn messages(submissions: &[Submission]) -> String {
    let messages = submissions.iter().filter_map(|each| {
        let message = printable_lines(each.message.as_deref()?);
        Some(format!("{}: {}\n{message}", each.lesson, each.verdict))
    });
    messages.collect::<Vec<_>>().join("\n\n")
}

fn tests(number: usize, submission: &Submission) -> impl Iterator<Item = Test> {
    submission.tests.iter().enumerate().map(move |(index, test)| Test {
        name: format!("{}: {}", submission.lesson, test.label()),
        number: format!("{number}.{}", index + 1),
        score: test.score.unwrap_or_default(),
        // What is above the maximum is how Gradescope writes extra credit.
        max_score: if test.extra { Points::ZERO } else { test.max_score },
        status: if test.status == TestStatus::Passed { "passed" } else { "failed" },
        output: output(test),
        visibility: visibility(test.visibility),
        tags: [submission.lesson.to_string(), test.verdict.to_string()],
    })
}

fn output(test: &TestResult) -> String {
    let mut lines = Vec::new();
    if test.status != TestStatus::Passed {
        lines.push(format!("verdict: {}", test.verdict));
    }
    lines.extend(test.message.clone());
    lines.extend(test.evidence.iter().flat_map(evidence::lines));
    lines.extend(test.hint.as_ref().map(|hint| format!("hint: {hint}")));
    printable_lines(&lines.join("\n"))
}

fn visibility(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Visible => "visible",
        Visibility::Hidden => "hidden",
        Visibility::AfterDue => "after_due_date",
        Visibility::AfterPublished => "after_published",
    }
}

#[cfg(test)]
mod tests {
    use course::Language;

    use super::*;
    use crate::specimen::{HOSTILE, class};

    fn rendered(student: &str) -> Option<String> {
        let report = class(Language::En);
        let submissions = report.students().find(|each| each[0].student == student);
        render(submissions.expect("in the class"))
    }

    #[test]
    fn a_student_with_full_marks() {
        insta::assert_snapshot!(rendered("ada").unwrap());
    }

    #[test]
    fn a_deadlock_comes_with_its_evidence_and_a_hint() {
        let report = class(Language::En);
        let deadlock = report.submissions.iter().filter(|each| each.student == "bob");
        let semaphore: Vec<_> = deadlock.filter(|each| each.score.is_some()).cloned().collect();
        insta::assert_snapshot!(render(&semaphore).unwrap());
    }

    #[test]
    fn what_a_student_wrote_does_nothing() {
        let text = rendered(HOSTILE).unwrap();
        insta::assert_snapshot!(text);
        assert!(!text.contains("\u{202e}") && !text.contains('\u{1b}'));
    }

    #[test]
    fn what_could_not_be_graded_gets_no_file_rather_than_a_zero() {
        assert_eq!(rendered("bob"), None);
    }
}
