//! Whatever is handed in, the others are graded, and everybody is told what is wrong.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use nix::sys::stat::Mode;
use predicates::prelude::*;
use predicates::str::contains;

use crate::{Class, grader, root, solution};

/// The message that `student` gets for the submission as a whole.
fn message(class: &Class, student: &str) -> String {
    let results = class.results();
    let submissions = results["submissions"].as_array().unwrap();
    let found = submissions.iter().find(|submission| submission["student"] == student);
    found.unwrap()["message"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn who_stops_reading_is_told_of_no_mistake() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut grader = std::process::Command::new(env!("CARGO_BIN_EXE_grader"));
    let output = grader.args(["course", "schema"]).stdout(writer).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(141) && said.is_empty(), "{:?} {said}", output.status);
}

#[test]
fn files_that_cannot_be_graded_do_not_stop_the_batch_and_say_what_is_wrong() {
    let class = Class::new();
    class.hand_in("a-right/lock/src/lib.rs", solution("lock"));
    class.hand_in("b-missing/lock/notes.txt", "I did not finish");
    class.hand_in("c-empty/lock/src/lib.rs", " \n");
    class.hand_in("d-latin1/lock/src/lib.rs", b"// fine\n// caf\xe9\n");
    class.hand_in("e-huge/lock/src/lib.rs", vec![b' '; 50 << 20]);
    let elsewhere = class.hand_in("../secret.rs", "fn secret() {}");
    let link = class.hand_in("f-link/lock/src/lib.rs", "");
    std::fs::remove_file(&link).unwrap();
    symlink(&elsewhere, &link).unwrap();
    let fifo = class.hand_in("g-fifo/lock/src/lib.rs", "");
    std::fs::remove_file(&fifo).unwrap();
    nix::unistd::mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    let folder = class.hand_in("h-linked-folder/lock/notes.txt", "");
    symlink(class.path().join("a-right/lock/src"), folder.with_file_name("src")).unwrap();

    class.grade().code(0).stdout(contains("8 students, 8 submissions: 8 graded, 0 not"));
    insta::assert_snapshot!(class.verdicts(), @"
    a-right lock pass 14/14
    b-missing lock does-not-compile 0/14
    c-empty lock does-not-compile 0/14
    d-latin1 lock does-not-compile 0/14
    e-huge lock does-not-compile 0/14
    f-link lock does-not-compile 0/14
    g-fifo lock does-not-compile 0/14
    h-linked-folder lock does-not-compile 0/14
    ");
    let messages: Vec<_> =
        ["b-missing", "c-empty", "d-latin1", "e-huge", "f-link", "g-fifo", "h-linked-folder"]
            .map(|student| message(&class, student))
            .to_vec();
    insta::assert_snapshot!(messages.join("\n"), @"
    src/lib.rs: was not handed in
    src/lib.rs: is empty
    src/lib.rs: is not UTF-8 (line 2); save it as UTF-8 and hand it in again
    src/lib.rs: has more than 1024 KiB; is it the right file?
    src/lib.rs: is a link; hand in the file itself
    src/lib.rs: is not an ordinary file
    src/lib.rs: lies behind a link; hand in the file itself
    ");
}

#[test]
fn a_name_with_a_newline_or_an_escape_is_shown_harmlessly() {
    let class = Class::new();
    class.hand_in("new\nline/lock/src/lib.rs", "fn");
    class.hand_in("red\u{1b}[31m/lock/src/lib.rs", "fn");
    let bytes = std::ffi::OsStr::from_bytes(b"caf\xe9");
    let place = class.path().join(bytes).join("lock");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("lib.rs"), "fn").unwrap();
    let output = class.grade().code(0).get_output().clone();
    let shown =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    assert!(shown.contains("new\\nline"), "{shown}");
    assert_eq!(class.results()["submissions"].as_array().unwrap().len(), 3);
}

#[test]
fn a_submission_replaces_no_file_but_those_that_the_lesson_names() {
    let class = Class::new();
    class.hand_in("mallory/lock/src/lib.rs", solution("lock").replace("+= amount", "+= 1"));
    class.hand_in("mallory/lock/src/main.rs", "fn main() { println!(\"main: balance=0\"); }");
    class.hand_in("mallory/lock/Cargo.toml", "[package]\nname = \"lock\"\n");
    class.hand_in(
        "mallory/lock/build.rs",
        "fn main() { std::fs::write(\"/tmp/owned\", \"\").unwrap(); }",
    );
    class.hand_in(
        "mallory/lock/tests/lock.rs",
        "#[test] fn what_is_changed_and_changed_back_is_zero() {}",
    );
    class.hand_in("mallory/lock/.cargo/config.toml", "[build]\nrustc = \"/bin/false\"\n");
    class.hand_in("mallory/lock/rust-toolchain.toml", "[toolchain]\nchannel = \"none\"\n");
    class.grade().code(0);
    let results = class.results();
    let tests = results["submissions"][0]["tests"].as_array().unwrap();
    let by_ours = |name| tests.iter().find(|test| test["name"] == name).unwrap()["status"].clone();
    assert_eq!(by_ours("what_is_changed_and_changed_back_is_zero"), "failed");
}

#[test]
fn a_folder_without_submissions_says_what_was_looked_for() {
    let class = Class::new();
    class.hand_in("ada/other/src/lib.rs", "");
    class.grade().code(2).stderr(
        contains("no submissions in")
            .and(contains("<student>/<lesson>/src/lib.rs"))
            .and(contains("semaphore")),
    );
    let nowhere = grader().args(["grade", "/no/such/folder"]).assert();
    nowhere.code(2).stderr(contains("cannot read /no/such/folder"));
}

#[test]
fn an_unknown_lesson_is_answered_with_the_known_ones() {
    let assert = grader().args(["grade", "examples/class", "--lesson", "semafore"]).assert();
    assert.code(2).stderr(contains("no lesson `semafore`").and(contains("fork, wait, process")));
}

#[test]
fn a_folder_for_results_that_cannot_be_written_is_refused_before_any_work() {
    let class = Class::new();
    class.hand_in("ada/lock/src/lib.rs", solution("lock"));
    let file = class.hand_in("../file", "");
    let assert =
        grader().arg("grade").arg(class.path()).arg("--out").arg(file.join("out")).assert();
    let said = assert.code(2).stderr(contains("choose another --out"));
    said.stderr(contains("building").not());
}

#[test]
fn a_course_that_cannot_be_read_is_named_with_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let at = |text: &str| {
        std::fs::write(folder.path().join("course.yaml"), text).unwrap();
        grader().arg("course").arg("check").arg("--course").arg(folder.path()).assert().code(2)
    };
    at("course: [").stderr(contains("course.yaml:"));
    let text = std::fs::read_to_string(root().join("course.yaml")).unwrap();
    let (before, _) = text.split_once("points: 1").unwrap();
    let place = format!("course.yaml:{}:13", before.lines().count());
    at(&text.replacen("points: 1", "pionts: 1", 1))
        .stderr(contains("`pionts`").and(contains("points")).and(contains(place)));
    std::fs::remove_file(folder.path().join("course.yaml")).unwrap();
    let missing = grader().args(["course", "check", "--course"]).arg(folder.path()).assert();
    missing.code(2).stderr(contains("cannot read").and(contains("course.yaml")));
}

#[test]
fn points_for_a_test_that_does_not_exist_are_an_error_of_the_course() {
    let folder = tempfile::tempdir().unwrap();
    for part in
        ["Cargo.toml", "Cargo.lock", "exercises", "grader", "interleave", "kit", "stage", "tests"]
    {
        symlink(root().join(part), folder.path().join(part)).unwrap();
    }
    let text = std::fs::read_to_string(root().join("course.yaml")).unwrap();
    let text = text.replace("waiting_workers_sleep", "waiting_workers_slept");
    std::fs::write(folder.path().join("course.yaml"), text).unwrap();
    let check = grader()
        .args(["course", "check", "--lesson", "semaphore", "--course"])
        .arg(folder.path())
        // What is built already need not be built again.
        .env("CARGO_TARGET_DIR", root().join("target"))
        .assert();
    check.code(2).stderr(
        contains("no test `waiting_workers_slept`")
            .and(contains("did you mean `waiting_workers_sleep`?")),
    );
}
