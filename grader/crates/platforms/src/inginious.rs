//! INGInious' feedback: a result, a grade from 0 to 100, and a text in reStructuredText.

use serde_json::json;

use crate::{Sitting, text};

/// Bytes of the text.
const TEXT: usize = 64 << 10;

/// The file. `crash` is what INGInious calls a run that is nobody's failure.
pub fn render(sitting: &Sitting) -> String {
    let sheet = sitting.sheet();
    let shown = literal(&text::clipped(&sheet, TEXT));
    text::json(&match sitting.share() {
        Some(share) => json!({
            "result": if sitting.passed() { "success" } else { "failed" },
            "grade": (share * 10_000.0).round() / 100.0,
            "text": shown,
            "problems": {},
        }),
        None => json!({ "result": "crash", "text": shown, "problems": {} }),
    })
}

/// A literal block: all of it is indented, so no line of a student's is a directive.
fn literal(text: &str) -> String {
    let lines = text.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n");
    format!("::\n\n{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::specimen::{KINDS, SECRETS, sitting};

    #[test]
    fn a_result_counts_exactly_if_everything_was_judged() {
        for kind in KINDS {
            let (file, sitting) = (render(&sitting(kind)), sitting(kind));
            let value: Value = serde_json::from_str(&file).unwrap();
            assert_eq!(value["result"] != "crash", sitting.share().is_some(), "{file}");
            // INGInious refuses a whole number, and takes what is not there for what fits the result.
            assert_eq!(value.get("grade").is_some_and(Value::is_f64), sitting.share().is_some());
            let text = value["text"].as_str().unwrap();
            let body = text.lines().skip(1);
            assert!(body.into_iter().all(|line| line.is_empty() || line.starts_with("    ")));
            assert!(!SECRETS.iter().any(|secret| file.contains(secret)), "{file}");
        }
    }
}
