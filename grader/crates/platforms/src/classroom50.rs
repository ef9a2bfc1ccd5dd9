//! Classroom 50's `result.json`: closed, and whole numbers only.

use course::Points;
use serde::Serialize;

use crate::{Sitting, text};

/// Whose submission it is, as Classroom 50's workflow says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// `CLASSROOM`.
    pub classroom: String,
    /// `ASSIGNMENT`.
    pub assignment: String,
    /// Whether several students share it.
    pub group: bool,
    /// `USERNAME`.
    pub owner: String,
    /// `SUBMISSION_TAG`.
    pub submission: String,
    /// `COMMIT_URL`.
    pub commit: String,
    /// `RELEASE_URL`.
    pub release: String,
    /// `REVIEW_URL`.
    pub review: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct File<'a> {
    schema: &'static str,
    classroom: &'a str,
    assignment: &'a str,
    #[serde(rename = "assignment_type")]
    assignment_type: &'static str,
    owner: &'a str,
    submission: &'a str,
    commit: &'a str,
    release: &'a str,
    review: &'a str,
    datetime: String,
    score: u64,
    max_score: u64,
    tests: Vec<Test>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Test {
    test_name: String,
    passed: bool,
    score: u64,
    max_score: u64,
}

/// The file; none if it was not graded, for which the form has no word.
pub fn render(sitting: &Sitting, of: &Circumstances) -> Option<String> {
    let score = sitting.score()?;
    let unit = unit(sitting, score);
    let whole = |points: Points| points.hundredths() / unit;
    let tests = sitting.tests().map(|(submission, test)| Test {
        test_name: format!("{}: {}", submission.lesson, report::printable(test.label())),
        passed: test.status == report::TestStatus::Passed,
        score: whole(test.score.unwrap_or_default().min(test.max_score)),
        max_score: whole(test.max_score),
    });
    Some(text::json(&File {
        schema: "classroom50/result/v1",
        classroom: &of.classroom,
        assignment: &of.assignment,
        assignment_type: if of.group { "group" } else { "individual" },
        owner: &of.owner,
        submission: &of.submission,
        commit: &of.commit,
        release: &of.release,
        review: &of.review,
        datetime: in_utc(&sitting.run.started),
        score: whole(score),
        max_score: whole(sitting.max_score()),
        tests: tests.collect(),
    }))
}

/// Hundredths in the largest of 1, 0.1 and 0.01 points of which all are multiples.
fn unit(sitting: &Sitting, score: Points) -> u64 {
    let all =
        sitting.tests().flat_map(|(_, test)| [test.max_score, test.score.unwrap_or_default()]);
    let all: Vec<_> = all.chain([score, sitting.max_score()]).collect();
    let divides = |unit: &u64| all.iter().all(|points| points.hundredths() % unit == 0);
    [100, 10].into_iter().find(divides).unwrap_or(1)
}

fn in_utc(moment: &str) -> String {
    let read = chrono::DateTime::parse_from_rfc3339(moment);
    let utc = |read: chrono::DateTime<_>| read.naive_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    read.map_or_else(|_| moment.to_owned(), utc)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::specimen::{KINDS, SECRETS, sitting};

    fn schema() -> jsonschema::Validator {
        let schema = include_str!("../schemas/classroom50-result.schema.json");
        jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
    }

    #[test]
    fn every_result_follows_the_schema() {
        for kind in KINDS {
            let Some(file) = render(&sitting(kind), &Circumstances::default()) else { continue };
            let value: Value = serde_json::from_str(&file).unwrap();
            assert!(schema().is_valid(&value), "{file}");
            for test in value["tests"].as_array().unwrap() {
                assert!(test["score"].as_u64() <= test["max-score"].as_u64());
            }
            assert!(!SECRETS.iter().any(|secret| file.contains(secret)), "{file}");
        }
    }

    #[test]
    fn parts_of_points_become_whole_numbers_in_proportion() {
        let file = render(&sitting("deadlock"), &Circumstances::default()).unwrap();
        let value: Value = serde_json::from_str(&file).unwrap();
        assert_eq!((&value["score"], &value["max-score"]), (&150.into(), &375.into()));
    }

    #[test]
    fn what_was_not_judged_has_no_file() {
        for kind in ["stopped", "broken-hidden"] {
            assert_eq!(render(&sitting(kind), &Circumstances::default()), None);
        }
    }

    #[test]
    fn the_moment_is_told_in_universal_time() {
        assert_eq!(in_utc("2026-11-22T09:30:00+08:00"), "2026-11-22T01:30:00Z");
    }
}
