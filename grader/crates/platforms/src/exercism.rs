//! Exercism's `results.json`, version 3 of its test runner interface.

use report::{TestResult, TestStatus, printable};
use serde::Serialize;

use crate::{Sitting, text};

/// Characters of output that Exercism shows.
const OUTPUT: usize = 500;

/// Bytes of a message.
const MESSAGE: usize = 64 << 10;

#[derive(Serialize)]
struct File {
    version: u8,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    name: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_code: Option<String>,
}

/// The file; `code` knows the source of a test that students may read.
pub fn render(sitting: &Sitting, code: impl Fn(&TestResult) -> Option<String>) -> String {
    let ran = sitting.tests().any(|(_, test)| test.status != TestStatus::NotRun);
    let status = match sitting.score() {
        Some(_) if sitting.passed() => "pass",
        Some(_) if ran => "fail",
        // What does not compile is an error there, with the compiler's words.
        _ => "error",
    };
    let message = match sitting.message() {
        message if message.is_empty() => sitting.sheet(),
        message => message,
    };
    let message = if status == "error" { Some(text::clipped(&message, MESSAGE)) } else { None };
    let tests = sitting.tests().filter(|(_, test)| test.status != TestStatus::NotRun);
    text::json(&File {
        version: 3,
        status,
        message: message.map(|text| text.into_owned()),
        tests: tests.map(|(_, test)| entry(test, code(test))).collect(),
    })
}

fn entry(test: &TestResult, code: Option<String>) -> Test {
    let status = match (test.status, test.score) {
        (TestStatus::Passed, _) => "pass",
        (_, Some(_)) => "fail",
        (_, None) => "error",
    };
    let said = text::of_test(test);
    let message = (status != "pass").then(|| text::clipped(&said, MESSAGE).into_owned());
    let output = message.as_ref().map(|message| short(message));
    Test { name: printable(test.label()).into_owned(), status, message, output, test_code: code }
}

fn short(text: &str) -> String {
    match text.chars().count() > OUTPUT {
        true => text.chars().take(OUTPUT - 3).chain("...".chars()).collect(),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::specimen::{KINDS, SECRETS, sitting};

    fn rendered(kind: &str) -> Value {
        let text = render(&sitting(kind), |test| Some(format!("fn {}()", test.name)));
        assert!(!SECRETS.iter().any(|secret| text.contains(secret)), "{text}");
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_status_says_what_happened() {
        let expected = [
            ("full", "pass"),
            ("deadlock", "fail"),
            ("does-not-compile", "error"),
            ("stopped", "error"),
            ("broken-hidden", "error"),
        ];
        for (kind, status) in expected {
            assert_eq!(rendered(kind)["status"], status, "{kind}");
        }
        assert!(rendered("does-not-compile")["message"].as_str().unwrap().contains("E0425"));
    }

    #[test]
    fn every_file_follows_the_schema() {
        let schema = include_str!("../schemas/exercism-results.schema.json");
        let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
        for kind in KINDS {
            let file = rendered(kind);
            assert!(schema.is_valid(&file), "{file:#}");
        }
    }
}
