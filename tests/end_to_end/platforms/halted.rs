//! A run that is ended half way says what is known by then, and makes no total of it.

use std::fs;
use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::*;

/// Starts to grade the solution on Gradescope.
fn start(host: &Host) -> Child {
    host.write("autograder/submission/lib.rs", solution(LESSON));
    host.write("autograder/submission_metadata.json", r#"{"users": [{"name": "Ada"}]}"#);
    let mut command = Command::new(host.at("opt/interleave/run.sh"));
    command.args(["gradescope", "--root", &host.slash()]).stdout(Stdio::null());
    command.current_dir(host.root.path()).spawn().unwrap()
}

/// The process below `grader` that runs the test `name`, as soon as there is one.
fn running(grader: Pid, name: &str) -> Pid {
    loop {
        assert!(Path::new(&format!("/proc/{grader}/fd/0")).exists(), "it ended before {name} ran");
        let numbers = fs::read_dir("/proc").unwrap().flatten();
        let mut pids = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        let runs = |pid: &i32| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.split(|byte| *byte == 0).any(|word| word == name.as_bytes()) && below(*pid, grader)
        };
        if let Some(pid) = pids.find(runs) {
            return Pid::from_raw(pid);
        }
        std::thread::yield_now();
    }
}

/// Whether `pid` descends from `above`.
fn below(pid: i32, above: Pid) -> bool {
    let mut pid = pid;
    while pid > 1 && pid != above.as_raw() {
        let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let parent = text.lines().find_map(|line| line.strip_prefix("PPid:"));
        pid = parent.and_then(|pid| pid.trim().parse().ok()).unwrap_or(0);
    }
    pid == above.as_raw()
}

#[test]
fn what_ran_before_the_end_is_told_and_there_is_no_total() {
    let host = Host::new(Platform::Gradescope);
    let course = course::load(bundle()).unwrap();
    let tests = &course.lesson(LESSON).unwrap().tests;
    let mut child = start(&host);
    let grader = Pid::from_raw(i32::try_from(child.id()).unwrap());
    // The third test is held where it begins, so two are done whatever the clock says.
    let held = running(grader, tests[2].name.as_str());
    kill(held, Signal::SIGSTOP).unwrap();
    kill(grader, Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));

    let results = host.json("autograder/results/results.json");
    assert_eq!(results.get("score"), None, "{results}");
    let said = |index: usize| results["tests"][index]["output"].as_str().unwrap();
    assert!(said(0).starts_with("passed") && said(1).starts_with("passed"), "{results}");
    assert!(said(2).contains("not run: the platform ended the run"), "{results}");
    assert!(results["tests"].as_array().unwrap().iter().all(|test| test.get("score").is_none()));
    let output = results["output"].as_str().unwrap();
    assert!(output.contains("have it graded again") && output.contains("tier "), "{output}");
}
