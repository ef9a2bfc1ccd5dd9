//! The tools of a course's author.

use predicates::str::contains;

use crate::{grader, root};

#[test]
fn the_schema_beside_the_course_is_the_one_that_the_grader_prints() {
    let output = grader().args(["course", "schema"]).assert().code(0).get_output().clone();
    let printed = String::from_utf8(output.stdout).unwrap();
    let stored = std::fs::read_to_string(root().join("course.schema.json")).unwrap();
    assert_eq!(printed, stored, "run `grader course schema > course.schema.json`");
}

#[test]
fn help_shows_examples_and_exit_codes() {
    grader().args(["grade", "--help"]).assert().code(0).stdout(contains("Examples:"));
    grader().arg("--help").assert().code(0).stdout(contains("Exit codes:"));
}
