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
    /// Who shares it.
    pub kind: Kind,
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

/// `ASSIGNMENT_TYPE`. A result that does not repeat it is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Each student has a repository.
    #[default]
    Individual,
    /// Students join one's repository.
    Group,
    /// Teams that the teacher made.
    Team,
}

impl Kind {
    /// The kind by Classroom 50's word for it.
    pub fn read(word: &str) -> Option<Self> {
        match word {
            "individual" => Some(Self::Individual),
            "group" => Some(Self::Group),
            "team" => Some(Self::Team),
            _ => None,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct File<'a> {
    schema: &'static str,
    classroom: &'a str,
    assignment: &'a str,
    #[serde(rename = "assignment_type")]
    assignment_type: Kind,
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
    // Extra credit has no place there: a score above the most is refused.
    let score = sitting.score()?.min(sitting.max_score());
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
        assignment_type: of.kind,
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

    fn somebody() -> Circumstances {
        let word = || "x".to_owned();
        Circumstances {
            classroom: word(),
            assignment: word(),
            kind: Kind::Team,
            owner: word(),
            submission: "submit/2026-11-22".to_owned(),
            commit: word(),
            release: word(),
            review: word(),
        }
    }

    #[test]
    fn every_result_follows_the_schema() {
        for kind in KINDS {
            let Some(file) = render(&sitting(kind), &somebody()) else { continue };
            let value: Value = serde_json::from_str(&file).unwrap();
            assert!(schema().is_valid(&value), "{file}");
            assert!(value["score"].as_u64() <= value["max-score"].as_u64(), "{file}");
            for test in value["tests"].as_array().unwrap() {
                assert!(test["score"].as_u64() <= test["max-score"].as_u64());
            }
            assert!(!SECRETS.iter().any(|secret| file.contains(secret)), "{file}");
        }
    }

    #[test]
    fn the_schema_knows_the_kinds_that_we_know_and_no_other_record_than_a_submission() {
        for word in ["individual", "group", "team"] {
            let of = Circumstances { kind: Kind::read(word).unwrap(), ..somebody() };
            let file = render(&sitting("full"), &of).unwrap();
            let value: Value = serde_json::from_str(&file).unwrap();
            assert_eq!(value["assignment_type"], word);
            assert!(schema().is_valid(&value), "{file}");
        }
        assert_eq!(Kind::read("club"), None);
        let of = Circumstances { submission: "v1".to_owned(), ..somebody() };
        let file = render(&sitting("full"), &of).unwrap();
        assert!(!schema().is_valid(&serde_json::from_str(&file).unwrap()));
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
