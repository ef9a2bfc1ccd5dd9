//! Submitty's `validation_results.json` of a custom validator.

use serde_json::json;

use crate::{Sitting, text};

/// Bytes of the message.
const TEXT: usize = 64 << 10;

/// The file: `success` with a score from 0 to 1, or `fail`, which is a fault of the validator.
pub fn render(sitting: &Sitting) -> String {
    let sheet = sitting.sheet();
    let message = text::clipped(&sheet, TEXT);
    text::json(&match sitting.share() {
        Some(score) => {
            let status = if sitting.passed() { "success" } else { "failure" };
            let data = json!({ "score": score, "message": message, "status": status });
            json!({ "status": "success", "data": data })
        }
        None => json!({ "status": "fail", "message": message }),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::specimen::{KINDS, SECRETS, sitting};

    #[test]
    fn a_score_is_written_exactly_if_everything_was_judged() {
        for kind in KINDS {
            let (file, sitting) = (render(&sitting(kind)), sitting(kind));
            let value: Value = serde_json::from_str(&file).unwrap();
            assert_eq!(value["data"]["score"].as_f64(), sitting.share());
            assert_eq!(value["status"] == "success", sitting.share().is_some());
            assert!(!SECRETS.iter().any(|secret| file.contains(secret)), "{file}");
        }
    }
}
