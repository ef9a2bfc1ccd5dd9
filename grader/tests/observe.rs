//! `grader observe` on programs of any kind.

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;

fn observe(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
    command.arg("observe").args(arguments);
    command
}

fn json(arguments: &[&str]) -> Value {
    let output =
        observe(&[&["--json"], arguments].concat()).output().expect("the grader can be run");
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

#[test]
fn the_json_has_the_keys_that_programs_rely_on() {
    let seen = json(&["--", "sh", "-c", "true & wait; exit 3"]);
    assert_eq!(seen["verdict"], "pass");
    assert_eq!(seen["exit"]["code"], 3);
    for key in [
        "reason",
        "wall_ms",
        "verdict_ms",
        "threads",
        "peak_processes",
        "peak_threads",
        "leftovers",
        "wait_for",
        "unsure",
    ] {
        assert!(seen.get(key).is_some(), "{key}");
    }
    assert_eq!((&seen["zombies"], &seen["orphans"]), (&0.into(), &0.into()));
    let child = &seen["processes"][1];
    assert_eq!((&child["id"], &child["parent"]), (&2.into(), &1.into()));
    assert_eq!((&child["exit"]["code"], &child["reaped"]), (&0.into(), &true.into()));
    assert!(child["started_ms"].as_f64().unwrap() <= child["ended_ms"].as_f64().unwrap());
}

#[test]
fn a_signal_is_the_other_way_to_exit() {
    assert_eq!(json(&["--", "sh", "-c", "kill -TERM $$"])["exit"]["signal"], 15);
}

#[test]
fn output_goes_where_the_program_wrote_it() {
    observe(&["--", "sh", "-c", "echo out; echo err >&2"])
        .assert()
        .success()
        .stdout(contains("out\nverdict: pass"))
        .stderr("err\n");
}

#[test]
fn input_is_passed_on() {
    observe(&["--", "cat"]).write_stdin("hello\n").assert().success().stdout(contains("hello\n"));
}

#[test]
fn a_program_past_its_time_is_ended_with_the_reason() {
    observe(&["--timeout", "200ms", "--", "sleep", "1000"])
        .assert()
        .success()
        .stdout(contains("verdict: timeout").and(contains("it sleeps")));
}

#[test]
fn a_process_left_running_is_ended_and_named() {
    let seen = json(&["--", "sh", "-c", "sleep 1000 & exit 0"]);
    assert_eq!((&seen["verdict"], &seen["orphans"]), (&"leak".into(), &1.into()));
}

#[test]
fn pictures_are_written_where_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (timeline, graph) = (path("run.svg"), path("graph.dot"));
    observe(&["--timeline", &timeline, "--graph", &graph, "--", "true"]).assert().success();
    assert!(std::fs::read_to_string(timeline).unwrap().starts_with("<svg"));
    assert!(std::fs::read_to_string(graph).unwrap().starts_with("digraph"));
}

#[test]
fn a_program_that_does_not_exist_is_an_error_with_advice() {
    observe(&["--", "no-such-program"]).assert().failure().stderr(contains("in PATH"));
    observe(&["--", "./no/such"]).assert().failure().stderr(contains("./no/such"));
}
