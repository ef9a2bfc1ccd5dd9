//! check50's results: a check for each test; `passed` is null where nothing can be said.

use report::{TestResult, TestStatus, printable};
use serde_json::{Value, json};

use crate::{Sitting, text};

/// The version of check50 whose form this is.
const VERSION: &str = "3.4.0";

/// The results as check50 writes them for `slug`.
pub fn render(sitting: &Sitting, slug: &str) -> String {
    let results: Vec<_> = sitting.tests().map(|(_, test)| entry(sitting, test)).collect();
    text::json(&json!({ "slug": slug, "version": VERSION, "results": results }))
}

fn entry(sitting: &Sitting, test: &TestResult) -> Value {
    let passed = match (test.status, test.score) {
        (TestStatus::Passed, _) => Some(true),
        (TestStatus::NotCheckable, _) | (_, None) => None,
        (TestStatus::Failed | TestStatus::NotRun, Some(_)) => Some(false),
    };
    let said = text::of_test(test);
    let mut log: Vec<String> = said.lines().map(str::to_owned).collect();
    if test.status == TestStatus::NotRun {
        log.extend(sitting.message().lines().map(str::to_owned));
    }
    log.push(printable(&sitting.run.confinement).into_owned());
    let cause = (passed != Some(true)).then(|| {
        let mut cause = json!({ "rationale": text::in_one_line(test) });
        if let Some(hint) = &test.hint {
            cause["help"] = json!(printable(hint));
        }
        cause
    });
    json!({
        "name": test.name.as_str(),
        "description": printable(test.label()),
        "passed": passed,
        "log": log,
        "cause": cause,
        "data": { "points": test.score, "max_points": test.max_score },
        "dependency": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen::{KINDS, SECRETS, sitting};

    fn rendered(kind: &str) -> Value {
        let text = render(&sitting(kind), "ada/semaphore");
        assert!(!SECRETS.iter().any(|secret| text.contains(secret)), "{text}");
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_check_passes_fails_or_says_nothing() {
        assert_eq!(rendered("full")["results"][0]["passed"], true);
        assert_eq!(rendered("deadlock")["results"][0]["passed"], false);
        assert_eq!(rendered("does-not-compile")["results"][0]["passed"], false);
        assert_eq!(rendered("stopped")["results"][1]["passed"], Value::Null);
        assert_eq!(rendered("deadlock")["results"][0]["cause"]["help"], "Count who is inside.");
    }

    #[test]
    fn every_check_has_every_field() {
        for kind in KINDS {
            for check in rendered(kind)["results"].as_array().unwrap() {
                for field in ["name", "description", "passed", "log", "cause", "data", "dependency"]
                {
                    assert!(check.get(field).is_some(), "{check}");
                }
            }
        }
    }
}
