//! What platforms do not promise: a valid result comes of it, that says what happened.

use std::os::unix::fs::PermissionsExt;

use super::*;

/// Refused by the compiler at once.
const BROKEN: &str = "pub struct Semaphore";

fn gradescope() -> Host {
    let host = Host::new(Platform::Gradescope);
    std::fs::create_dir_all(host.at("autograder/source")).unwrap();
    symlink(bundle(), host.at("autograder/source/interleave")).unwrap();
    host
}

fn graded(host: &Host, more: &[&str]) -> Value {
    let root = host.slash();
    let arguments: Vec<&str> =
        ["gradescope", "--root", &root].iter().chain(more).copied().collect();
    let done = host.run(".", host.at("opt/interleave/run.sh"), &arguments);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    host.json("autograder/results/results.json")
}

fn output(results: &Value) -> &str {
    results["output"].as_str().unwrap()
}

#[test]
fn metadata_that_is_missing_or_malformed_costs_nothing() {
    for (text, said) in [
        (None, "could not be read"),
        (Some("{\"users\": ["), "is malformed"),
        (Some("[]"), "names no user"),
    ] {
        let host = gradescope();
        host.write("autograder/submission/lib.rs", BROKEN);
        if let Some(text) = text {
            host.write("autograder/submission_metadata.json", text);
        }
        let results = graded(&host, &[]);
        assert_eq!(results["score"], 0);
        assert!(output(&results).contains(said), "{results}");
        assert!(output(&results).contains("does-not-compile"), "{results}");
    }
}

#[test]
fn wrong_files_are_named_and_a_group_is_told_so() {
    let host = gradescope();
    host.write("autograder/submission/essay.txt", "x");
    let users = r#"{"users": [{"name": "Ada"}, {"name": "Bao"}]}"#;
    host.write("autograder/submission_metadata.json", users);
    let results = graded(&host, &[]);
    assert_eq!(results["score"], 0);
    assert!(output(&results).contains("handed in together by Ada, Bao"), "{results}");
    assert!(
        output(&results).contains("src/lib.rs: was not handed in; there is essay.txt"),
        "{results}"
    );
}

#[test]
fn a_file_that_is_there_twice_is_not_chosen_between() {
    let host = gradescope();
    host.write("autograder/submission/a/src/lib.rs", BROKEN);
    host.write("autograder/submission/b/src/lib.rs", BROKEN);
    let results = graded(&host, &[]);
    assert!(output(&results).contains("is there more than once, in a and in b"), "{results}");
}

#[test]
fn an_empty_folder_is_the_platforms_fault_and_no_zero() {
    let host = gradescope();
    std::fs::create_dir_all(host.at("autograder/submission")).unwrap();
    let results = graded(&host, &[]);
    assert_eq!(results.get("score"), None);
    assert!(output(&results).contains("not your program's fault"), "{results}");
}

#[test]
fn a_leftover_and_a_read_only_folder_are_overcome() {
    let host = gradescope();
    host.write("autograder/submission/lib.rs", BROKEN);
    host.write("autograder/results/results.json", r#"{"score": 9}"#);
    let folder = host.at("autograder/results");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).unwrap();
    assert_eq!(graded(&host, &[])["score"], 0);
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn where_nothing_can_be_written_the_run_fails_and_says_why() {
    let host = gradescope();
    host.write("autograder/submission/lib.rs", BROKEN);
    // A file where the folder belongs stops root too, which permissions do not.
    host.write("autograder/results", "");
    let arguments = ["gradescope", "--root", &host.slash()];
    let done = host.run(".", host.at("opt/interleave/run.sh"), &arguments);
    assert_eq!(done.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&done.stderr).contains("cannot write"), "{done:?}");
    assert!(out(&done).contains("does-not-compile"));
}

#[test]
fn a_run_that_is_out_of_time_is_no_zero_anywhere() {
    let host = gradescope();
    host.write("autograder/submission/lib.rs", solution(LESSON));
    let results = graded(&host, &["--limit", "0"]);
    assert_eq!(results.get("score"), None);
    assert!(output(&results).contains("not run: stopped after 0 s"), "{results}");

    let host = Host::new(Platform::PrairieLearn);
    host.write("grade/student/lib.rs", solution(LESSON));
    host.line(".", "/opt/interleave/run.sh prairielearn --limit 0", &["--root", &host.slash()]);
    assert_eq!(host.json("grade/results/results.json")["gradable"], false);

    let host = Host::new(Platform::Autolab);
    host.write("work/lib.rs", solution(LESSON));
    let text = out(&host.line("work", "/opt/interleave/run.sh autolab --limit 0", &[]));
    assert!(text.ends_with("{\"scores\":{\"semaphore\":null}}\n"), "{text}");
}

#[test]
fn a_bundle_that_cannot_be_used_is_told_and_gives_no_score() {
    let host = Host::new(Platform::PrairieLearn);
    host.write("grade/student/lib.rs", solution(LESSON));
    host.write("broken/bundle.json", "{}");
    let broken = host.at("broken").display().to_string();
    let line = format!("{} at prairielearn --bundle {broken}", env!("CARGO_BIN_EXE_grader"));
    let done = host.line(".", &line, &["--root", &host.slash()]);
    assert_eq!(done.status.code(), Some(0));
    let results = host.json("grade/results/results.json");
    assert_eq!(results["gradable"], false);
    assert!(results["output"].as_str().unwrap().contains("export the lesson again"), "{results}");
}
