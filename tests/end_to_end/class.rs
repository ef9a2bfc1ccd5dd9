//! Grading the class that ships with the course.

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;

use crate::{Class, grader, root, solution, verdicts};

#[test]
fn the_example_class_gets_the_grades_that_it_deserves() {
    let out = tempfile::tempdir().unwrap();
    let grade = grader().args(["grade", "examples/class", "--out"]).arg(out.path()).assert();
    grade.code(0).stdout(contains("student").and(contains("total")));
    let results = std::fs::read_to_string(out.path().join("results.json")).unwrap();
    let results: serde_json::Value = serde_json::from_str(&results).unwrap();
    insta::assert_snapshot!("the_example_class", verdicts(&results));

    let junit = std::fs::read_to_string(out.path().join("junit.xml")).unwrap();
    assert!(junit.contains("<testsuites") && junit.contains("deadlock"), "{junit}");
    let gradescope = out.path().join("gradescope/ada/results.json");
    let gradescope: serde_json::Value =
        serde_json::from_slice(&std::fs::read(gradescope).unwrap()).unwrap();
    assert!(gradescope["tests"].as_array().is_some_and(|tests| !tests.is_empty()));
}

#[test]
fn the_number_of_jobs_changes_nothing() {
    let class = Class::new();
    class.hand_in("right/pool-map/lib.rs", solution("pool-map"));
    let mistakes = root().join("tests/submissions/pool-map");
    for mistake in ["last-chunk-dropped", "no-wait", "one-process-per-chunk"] {
        let text = std::fs::read_to_string(mistakes.join(mistake).join("lib.rs")).unwrap();
        class.hand_in(&format!("{mistake}/exercises/pool-map/src/lib.rs"), text);
    }
    let with = |jobs: &str| {
        let mut grader = grader();
        let grade = grader
            .arg("grade")
            .arg(class.path())
            .args(["--jobs", jobs, "--format", "json", "--out"]);
        grade.arg(class.out()).assert().code(0);
        class.verdicts()
    };
    assert_eq!(with("1"), with("4"));
}

/// Grades `class` as a shell that goes on as the grader after `script`.
fn grade_after(script: &str, class: &Class) {
    let grader = grader();
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!(r#"{script}; exec "$@""#), "sh"]).arg(grader.get_program());
    shell.arg("grade").arg(class.path()).arg("--out").arg(class.out());
    for (name, value) in grader.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        shell.env(name, value);
    }
    shell.current_dir(root()).assert().code(0);
}

#[test]
fn what_the_grader_was_told_to_ignore_changes_no_verdict() {
    let class = Class::new();
    let mistake = root().join("tests/submissions/subprocess/signals-stay-ignored/lib.rs");
    class.hand_in("ada/subprocess/lib.rs", std::fs::read_to_string(mistake).unwrap());
    class.hand_in("bao/subprocess/lib.rs", solution("subprocess"));
    // As a shell starts what is to go on behind it, and a parent that wants to hear of no child.
    grade_after(r#"trap "" INT QUIT CHLD"#, &class);
    assert_eq!(class.verdicts(), "ada subprocess wrong-output 13/15\nbao subprocess pass 15/15");
}

#[test]
fn how_much_the_grader_was_given_changes_no_verdict() {
    // Before it starts another program, it needs so much of the first thread's stack.
    let deep = |mebibytes: u32| {
        let deep = format!(
            "fn deep(left: u32) -> u32 {{
                let room = std::hint::black_box([left as u8; 1 << 10]);
                if left == 0 {{ return 0; }}
                deep(left - 1) + u32::from(room[usize::from(room[0])] != left as u8)
            }}
            pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {{
                std::hint::black_box(deep({mebibytes} << 10));
                called(program, arguments)
            }}"
        );
        solution("subprocess").replace("pub fn call(", "fn called(") + &deep
    };
    let class = Class::new();
    class.hand_in("ada/subprocess/lib.rs", deep(2));
    class.hand_in("bao/subprocess/lib.rs", deep(64));
    for given in ["umask 077; ulimit -S -s 256; ulimit -S -n 200", "ulimit -S -s $(ulimit -H -s)"] {
        grade_after(given, &class);
        let verdicts = class.verdicts();
        assert!(
            verdicts.starts_with("ada subprocess pass 15/15\nbao subprocess crash "),
            "{given}: {verdicts}"
        );
    }
}

#[test]
fn the_same_file_is_graded_once_and_counts_for_each() {
    let class = Class::new();
    for student in ["ada", "bao", "chidi"] {
        class.hand_in(&format!("{student}/lock/src/lib.rs"), "pub struct Account;");
    }
    class.grade().code(0);
    let results = class.results();
    let submissions = results["submissions"].as_array().unwrap();
    let took_time = |submission: &&serde_json::Value| submission["duration_ms"] != 0;
    // Whose turn comes first is up to the system.
    assert_eq!(submissions.iter().filter(took_time).count(), 1);
    assert_eq!(class.verdicts().matches("does-not-compile 0/14").count(), 3);
}

#[test]
fn code_without_permission_to_be_unsafe_is_forbidden() {
    let class = Class::new();
    let text = solution("lock") + "\npub fn peek(at: *const u8) -> u8 { unsafe { *at } }\n";
    class.hand_in(
        "mallory/lock/src/lib.rs",
        format!("#![allow(unsafe_code)]\n{}", text.replace("//!", "//")),
    );
    class.hand_in("eve/lock/src/lib.rs", text);
    class.grade().code(0);
    for submission in class.results()["submissions"].as_array().unwrap() {
        assert!(
            ["forbidden", "does-not-compile"].contains(&submission["verdict"].as_str().unwrap())
        );
        assert_eq!(submission["score"], 0);
    }
}

#[test]
fn a_chosen_lesson_is_the_only_one_graded() {
    let class = Class::new();
    class.hand_in("ada/lock/lib.rs", "fn");
    class.hand_in("ada/semaphore/lib.rs", "fn");
    let mut grader = grader();
    let grade =
        grader.arg("grade").arg(class.path()).args(["--lesson", "lock", "--out"]).arg(class.out());
    grade.assert().code(0);
    assert_eq!(class.verdicts(), "ada lock does-not-compile 0/14");
}

#[test]
fn anonymous_pages_name_nobody_and_nothing_of_an_earlier_run_stays() {
    let class = Class::new();
    for student in ["Ada Lovelace", "Bao", "李小龙"] {
        class.hand_in(&format!("{student}/lock/lib.rs"), format!("fn {}", student.len()));
    }
    let students = class.out().join("html/students");
    let grade = |anonymous: &[&str]| {
        let mut grader = grader();
        grader.arg("grade").arg(class.path()).args(anonymous).arg("--out").arg(class.out());
        grader.assert().code(0);
        let pages = std::fs::read_dir(&students).unwrap().map(|page| page.unwrap().path());
        pages.collect::<Vec<_>>()
    };
    assert_eq!(grade(&[]).len(), 3);
    let pages = grade(&["--anonymous"]);
    assert_eq!(pages.len(), 3);
    let written = |page: &std::path::PathBuf| page.metadata().unwrap().modified().unwrap();
    assert!(pages.iter().all(|page| written(page) == written(&pages[0])));
    for page in pages.iter().chain([&class.out().join("html/index.html")]) {
        let text = page.display().to_string() + &std::fs::read_to_string(page).unwrap();
        assert!(!["Ada", "ada-lovelace", "Bao", "李小龙"].iter().any(|name| text.contains(name)));
    }
}
