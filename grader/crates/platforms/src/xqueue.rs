//! The answer to edX's queue: `correct`, `score` and a message in XHTML.

use serde_json::json;

use crate::{Sitting, text};

/// Bytes of the message.
const TEXT: usize = 64 << 10;

/// The body of an answer; none if it was not graded, in which case nothing is answered and the
/// queue hands the submission out again.
///
/// edX multiplies `score` with what the problem is worth.
pub fn render(sitting: &Sitting) -> Option<String> {
    let score = sitting.share()?;
    let sheet = sitting.sheet();
    let message = text::escaped(&text::clipped(&sheet, TEXT));
    Some(text::json_line(&json!({
        "correct": sitting.passed(),
        "score": score,
        "msg": format!("<div><pre>{message}</pre></div>"),
    })))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::specimen::{KINDS, SECRETS, sitting};

    #[test]
    fn an_answer_is_well_formed_and_only_given_if_everything_was_judged() {
        for kind in KINDS {
            let sitting = sitting(kind);
            let answer = render(&sitting);
            assert_eq!(answer.is_some(), sitting.share().is_some());
            let Some(answer) = answer else { continue };
            let value: Value = serde_json::from_str(&answer).unwrap();
            let message = value["msg"].as_str().unwrap();
            let inner = message.strip_prefix("<div><pre>").unwrap();
            let inner = inner.strip_suffix("</pre></div>").unwrap();
            assert!(!inner.contains(['<', '>']), "{message}");
            assert!(!inner.contains(|c: char| c.is_control() && c != '\n'), "{message}");
            assert!(!SECRETS.iter().any(|secret| answer.contains(secret)), "{answer}");
        }
    }
}
