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

#[test]
fn a_new_lesson_is_added_to_the_course_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("course.yaml");
    std::fs::copy(root().join("course.yaml"), &file).unwrap();
    let begin = |lesson: &str| {
        let mut grader = grader();
        let new = grader.args(["course", "new", lesson, "--unit", "communication", "--course"]);
        new.arg(folder.path()).assert()
    };
    begin("rendezvous").code(0).stdout(contains("course check --lesson rendezvous"));
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("- id: rendezvous"));
    assert!(folder.path().join("exercises/rendezvous/tests/rendezvous.rs").is_file());
    begin("rendezvous").code(2).stderr(contains("has a lesson `rendezvous` already"));
    begin("Rendez vous").code(2);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn a_course_that_was_checked_is_not_graded_again() {
    let cache = tempfile::tempdir().unwrap();
    let check = || {
        let mut grader = grader();
        grader.args(["course", "check", "--json", "--lesson", "many", "--cache"]).arg(cache.path());
        let output = grader.assert().code(0).get_output().clone();
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let first = check();
    assert_eq!((&first["known"], &first["unsound"]), (&0.into(), &serde_json::json!([])));
    let second = check();
    assert!(second["graded"].as_u64().unwrap() > 9, "{second}");
    assert_eq!((&second["known"], &second["unsound"]), (&first["graded"], &first["unsound"]));
}
