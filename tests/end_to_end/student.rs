//! The edition that students get.

use std::path::{Path, PathBuf};
use std::process::Command;

use predicates::str::contains;

use crate::{grader, root, solution};

/// Every ordinary file below `folder` with its text, as far as it is text.
fn texts(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut texts = Vec::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => todo.push(path),
                false => {
                    let bytes = std::fs::read(&path).unwrap();
                    texts.push((path, String::from_utf8_lossy(&bytes).into_owned()));
                }
            }
        }
    }
    texts
}

fn lessons() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("exercises")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The text as one line: its lines, trimmed, without blank ones.
fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Passages of a lesson's solution that its exercise does not hold itself.
fn passages(lesson: &str) -> Vec<String> {
    const LINES: usize = 4;
    let exercise = texts(&root().join("exercises").join(lesson));
    let known: Vec<String> = exercise.iter().map(|(_, text)| joined(text.lines())).collect();
    let solution = joined(solution(lesson).lines());
    let lines: Vec<_> = solution.lines().collect();
    let passages = lines.windows(LINES).map(|lines| lines.join("\n"));
    // What is nearly all braces and imports is everybody's.
    let telling = |text: &String| text.len() > 100 && !text.contains("use ");
    passages
        .filter(telling)
        .filter(|text| !known.iter().any(|known| known.contains(text)))
        .collect()
}

#[test]
fn nothing_in_it_names_or_holds_a_solution_and_its_tests_work_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let edition = folder.path().join("course");
    let write = grader().args(["course", "student"]).arg(&edition).assert();
    write.code(0).stdout(contains("cargo test -p"));

    let texts = texts(&edition);
    let secrets: Vec<_> =
        lessons().iter().map(|lesson| (lesson.clone(), passages(lesson))).collect();
    for (lesson, passages) in &secrets {
        assert!(passages.len() > 3, "{lesson} has nothing to give away");
    }
    for (path, text) in &texts {
        for name in ["solutions/", "tests/submissions", "expect.yaml"] {
            assert!(!text.contains(name), "{} names {name}", path.display());
        }
        let text = joined(text.lines());
        for (lesson, passages) in &secrets {
            let told = passages.iter().find(|passage| text.contains(*passage));
            assert_eq!(told, None, "{} holds some of the solution of {lesson}", path.display());
        }
    }

    let test = || {
        let mut cargo = Command::new("cargo");
        cargo.args(["test", "--offline", "-p", "lock"]).current_dir(&edition);
        // What the course has built of its dependencies need not be built again.
        cargo.env("CARGO_TARGET_DIR", root().join("target")).env_remove("CARGO_MANIFEST_DIR");
        assert_cmd::Command::from_std(cargo).assert()
    };
    test().code(101).stdout(contains("not yet implemented: an account with a balance of 0"));
    std::fs::write(edition.join("exercises/lock/src/lib.rs"), solution("lock")).unwrap();
    test().code(0);
}

#[test]
fn a_folder_that_holds_something_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    let write = grader().args(["course", "student"]).arg(folder.path()).assert();
    write.code(2).stderr(contains("is not empty"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
