//! What a CodeRunner question with a template grader reads: one JSON object.

use serde_json::{Value, json};

use crate::{Sitting, text};

/// The object, on one line; none if it was not graded, which the server then says in its own way.
pub fn render(sitting: &Sitting) -> Option<String> {
    let fraction = sitting.share()?;
    let mut table = vec![json!(["iscorrect", "Test", "Points", "What was seen"])];
    table.extend(sitting.tests().map(|(submission, test)| {
        let share = match (test.score, test.max_score.hundredths()) {
            (Some(score), most) if most > 0 => score.hundredths() as f64 / most as f64,
            _ if test.status == report::TestStatus::Passed => 1.0,
            _ => 0.0,
        };
        let points = test.score.map_or_else(|| "?".to_owned(), |score| score.to_string());
        json!([
            share,
            format!("{}: {}", submission.lesson, test.label()),
            format!("{points} of {}", test.max_score),
            text::of_test(test),
        ])
    }));
    let head = format!("{}\n{}", sitting.headline(), sitting.message());
    let foot = format!("graded by interleave {}, {}", sitting.run.grader, sitting.run.confinement);
    let result: Value = json!({
        "fraction": fraction,
        "prologuehtml": format!("<pre>{}</pre>", text::escaped(head.trim_end())),
        "testresults": table,
        // %s is text; %h would be taken for HTML.
        "columnformats": ["%s", "%s", "%s"],
        "epiloguehtml": format!("<p>{}</p>", text::escaped(&foot)),
    });
    Some(text::json_line(&result))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen::{KINDS, SECRETS, sitting};

    #[test]
    fn a_question_gets_a_fraction_and_a_table() {
        let result: Value = serde_json::from_str(&render(&sitting("deadlock")).unwrap()).unwrap();
        assert_eq!(result["fraction"], 0.4);
        let table = result["testresults"].as_array().unwrap();
        // One format for each column that is not special.
        assert_eq!(
            table[0].as_array().unwrap().len() - 1,
            result["columnformats"].as_array().unwrap().len()
        );
        assert!(table.iter().all(|row| row.as_array().unwrap().len() == 4));
        assert!(table[1][3].as_str().unwrap().contains("deadlock"));
    }

    #[test]
    fn what_was_not_judged_has_no_fraction() {
        assert_eq!(render(&sitting("stopped")), None);
    }

    #[test]
    fn html_of_a_student_is_text_and_secrets_stay() {
        for kind in KINDS {
            let Some(text) = render(&sitting(kind)) else { continue };
            let result: Value = serde_json::from_str(&text).unwrap();
            let html = result["prologuehtml"].as_str().unwrap();
            assert!(!html.trim_start_matches("<pre>").trim_end_matches("</pre>").contains('<'));
            assert!(!SECRETS.iter().any(|secret| text.contains(secret)), "{text}");
        }
    }
}
