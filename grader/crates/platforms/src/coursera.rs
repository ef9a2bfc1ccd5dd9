//! Coursera's `feedback.json`: a share of the points, and a text.

use serde_json::json;

use crate::{Sitting, text};

/// Bytes of feedback that are shown whole.
const TEXT: usize = 64 << 10;

/// The file. What was not graded has no `fractionalScore`; the container has to fail then, which
/// Coursera takes for a fault of the grader.
pub fn render(sitting: &Sitting) -> String {
    let sheet = sitting.sheet();
    let feedback = text::clipped(&sheet, TEXT);
    text::json(&match sitting.share() {
        Some(share) => json!({ "fractionalScore": share, "feedback": feedback }),
        None => json!({ "feedback": feedback }),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::specimen::{KINDS, SECRETS, sitting};

    #[test]
    fn a_share_is_written_exactly_if_everything_was_judged() {
        for kind in KINDS {
            let (file, sitting) = (render(&sitting(kind)), sitting(kind));
            let value: Value = serde_json::from_str(&file).unwrap();
            assert_eq!(value.get("fractionalScore").and_then(Value::as_f64), sitting.share());
            assert!(!SECRETS.iter().any(|secret| file.contains(secret)), "{file}");
        }
    }
}
