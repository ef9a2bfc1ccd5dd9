//! Gradescope's `results.json`.
//!
//! Hidden tests are handed over with their visibility, for instructors; their students then do not
//! see the total, which is Gradescope's own rule. Without a total and without tests the file makes
//! Gradescope call the run failed, so that it can be run again: any number would be a score.

use report::{Submission, TestResult, TestStatus, printable, printable_lines};
use serde_json::{Value, json};

use crate::sitting::without_files;
use crate::{Sitting, text};

/// The file; `whole` are the same submissions with what only instructors see.
pub fn render(sitting: &Sitting, whole: &[Submission]) -> String {
    let whole: Vec<_> = whole.iter().map(without_files).collect();
    let file = report::gradescope::render(&whole).filter(|_| sitting.score().is_some());
    let file = file.and_then(|file| serde_json::from_str(&file).ok());
    let mut file: Value = file.unwrap_or_else(|| unscored(sitting));
    let said = file["output"].as_str().unwrap_or_default();
    let head = format!("{}{}", sitting.notes_text(), printable(&sitting.run.confinement));
    file["output"] = json!(format!("{head}\n{said}").trim_end());
    text::json(&file)
}

/// What was seen so far, without a number that could be taken for a total.
fn unscored(sitting: &Sitting) -> Value {
    let tests: Vec<_> = sitting
        .tests()
        .map(|(submission, test)| {
            json!({
                "name": format!("{}: {}", submission.lesson, test.label()),
                "output": printable_lines(&seen(test)),
                "visibility": "visible",
            })
        })
        .collect();
    let milliseconds: u64 = sitting.submissions.iter().map(|each| each.duration_ms).sum();
    json!({
        "execution_time": milliseconds as f64 / 1000.0,
        "output": format!("{}\n{}", sitting.headline(), sitting.reasons()),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "stdout_visibility": "hidden",
        "tests": tests,
    })
}

/// Without points nothing else would tell that a test passed.
fn seen(test: &TestResult) -> String {
    let said = text::of_test(test);
    match test.status {
        TestStatus::Passed => format!("passed\n{said}").trim_end().to_owned(),
        TestStatus::Failed | TestStatus::NotRun | TestStatus::NotCheckable => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen::{KINDS, SECRETS, sitting, submission};

    fn rendered(kind: &str) -> Value {
        serde_json::from_str(&render(&sitting(kind), &[submission(kind)])).unwrap()
    }

    #[test]
    fn a_score_is_written_exactly_if_everything_was_judged() {
        assert_eq!(rendered("full")["score"], 4.25);
        assert_eq!(rendered("deadlock")["score"], 1.5);
        for kind in ["stopped", "broken-hidden"] {
            let file = rendered(kind);
            assert_eq!(file.get("score"), None);
            let scored =
                file["tests"].as_array().unwrap().iter().any(|test| test.get("score").is_some());
            assert!(!scored && file["output"].as_str().unwrap().starts_with("tier C"), "{file}");
        }
    }

    #[test]
    fn what_students_see_holds_no_secret() {
        for kind in KINDS {
            let mut file = rendered(kind);
            let tests = file["tests"].as_array_mut().unwrap();
            tests.retain(|test| test["visibility"] == "visible");
            let seen = file.to_string();
            assert!(!SECRETS.iter().any(|secret| seen.contains(secret)), "{kind}: {seen}");
        }
    }
}
