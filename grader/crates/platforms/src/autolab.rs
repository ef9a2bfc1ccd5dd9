//! What Autolab reads from the output of `make`: a page of feedback, and in its last line the scores.
//!
//! A problem of the assessment is a lesson, by its name. Autolab gives zero where it finds no scores
//! at all; so what was not graded is `null` there, Autolab's own word for a problem without a score.

use serde_json::{Map, Value, json};

use crate::{Sitting, text};

/// The whole output; `lessons` are the problems, also those of which nothing is known.
pub fn render(sitting: &Sitting, lessons: &[String]) -> String {
    let mut page = String::new();
    // With a mark in front no line of it is JSON, whatever a student printed.
    for line in sitting.sheet().lines() {
        page += format!("| {line}").trim_end();
        page.push('\n');
    }
    page + &text::json_line(&json!({ "scores": scores(sitting, lessons) })) + "\n"
}

fn scores(sitting: &Sitting, lessons: &[String]) -> Map<String, Value> {
    let score = |lesson: &String| {
        let mut submissions = sitting.submissions.iter();
        let found = submissions.find(|each| each.lesson.as_str() == lesson);
        json!(found.and_then(|each| each.score))
    };
    lessons.iter().map(|lesson| (lesson.clone(), score(lesson))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen::{KINDS, SECRETS, sitting};

    fn rendered(kind: &str) -> String {
        render(&sitting(kind), &["semaphore".to_owned()])
    }

    fn last(kind: &str) -> String {
        rendered(kind).lines().last().unwrap().to_owned()
    }

    #[test]
    fn the_last_line_has_a_score_for_each_problem() {
        assert_eq!(last("deadlock"), r#"{"scores":{"semaphore":1.5}}"#);
        assert_eq!(last("stopped"), r#"{"scores":{"semaphore":null}}"#);
    }

    #[test]
    fn no_other_line_is_json_and_the_last_holds_no_bare_key() {
        for kind in KINDS {
            let text = rendered(kind);
            let json = text.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok());
            assert_eq!(json.count(), 1, "{text}");
            // The pattern that Autolab's parser rewrites: a word directly before a colon.
            let bytes = last(kind).into_bytes();
            let bare =
                bytes.windows(2).any(|pair| pair[1] == b':' && pair[0].is_ascii_alphanumeric());
            assert!(!bare, "{text}");
            assert!(!SECRETS.iter().any(|secret| text.contains(secret)), "{text}");
        }
    }
}
