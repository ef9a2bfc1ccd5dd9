//! PrairieLearn's `results.json`: a score from 0 to 1, or `gradable: false`, which costs no attempt.

use report::printable;
use serde_json::{Value, json};

use crate::{Sitting, text};

/// PrairieLearn throws larger files away.
const LARGEST: usize = 1 << 20;

/// Bytes of one text, so that some dozen tests fit.
const TEXT: usize = 16 << 10;

/// The file, of at most 1 MiB.
pub fn render(sitting: &Sitting) -> String {
    // A test has three texts; in JSON none of them more than doubles, because they are printable.
    let tests = sitting.tests().count();
    text::json(&file(sitting, TEXT.min(LARGEST / (6 * (tests + 4)))))
}

fn file(sitting: &Sitting, size: usize) -> Value {
    let head = format!("{}\n{}", sitting.headline(), printable(&sitting.run.confinement));
    let message = sitting.message();
    let output = text::clipped(&message, size);
    match sitting.share() {
        Some(score) => json!({
            "score": score,
            "message": head,
            "output": output,
            "tests": sitting.tests().map(|(submission, test)| {
                let points = test.score.map_or(0.0, text::number);
                json!({
                    "name": format!("{}: {}", submission.lesson, printable(test.label())),
                    "points": points,
                    "max_points": text::number(test.max_score),
                    "message": text::clipped(&text::in_one_line(test), size),
                    "output": text::clipped(&text::of_test(test), size),
                })
            }).collect::<Vec<_>>(),
        }),
        None => json!({
            "gradable": false,
            "message": head,
            "output": text::clipped(&sitting.sheet(), size),
            "format_errors": [text::clipped(&message, size)],
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen::{KINDS, SECRETS, run, sitting, submission};

    fn rendered(kind: &str) -> Value {
        serde_json::from_str(&render(&sitting(kind))).unwrap()
    }

    #[test]
    fn scores_are_shares_and_every_test_has_points() {
        assert_eq!(rendered("full")["score"], 1.0);
        assert_eq!(rendered("deadlock")["score"], 0.4);
        for test in rendered("deadlock")["tests"].as_array().unwrap() {
            assert!(test["points"].is_number() && test["max_points"].is_number());
        }
    }

    #[test]
    fn what_was_not_judged_costs_no_attempt() {
        for kind in ["stopped", "broken-hidden"] {
            let file = rendered(kind);
            assert_eq!((&file["gradable"], file.get("score")), (&json!(false), None));
        }
    }

    #[test]
    fn a_flood_stays_below_the_largest_file_that_is_taken() {
        let mut flooding = submission("forged");
        let tests = flooding.tests.clone();
        flooding.tests = (0..100).flat_map(|_| tests.clone()).collect();
        for test in &mut flooding.tests {
            test.message = Some("\u{1b}\"\n".repeat(2000));
        }
        let file = render(&Sitting::new(run(), &[flooding], Vec::new()));
        assert!(file.len() <= LARGEST, "{}", file.len());
        assert!(serde_json::from_str::<Value>(&file).unwrap()["tests"].is_array());
    }

    #[test]
    fn students_see_no_secret() {
        for kind in KINDS {
            let file = render(&sitting(kind));
            assert!(!SECRETS.iter().any(|secret| file.contains(secret)), "{kind}: {file}");
        }
    }
}
