//! What a student reads of a program that was compiled as Cargo does it: every lock has
//! its name and the line that made it, every holder the line since which it holds it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use observation::{Observation, Request, Verdict};

use support::SHORT;

mod support;

fn compiled(name: &str, directory: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs").join(name);
    let program = directory.join("program");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(rustc);
    command.args(["--edition=2024", "-g"]).arg(source.with_extension("rs")).arg("-o").arg(&program);
    let status = command.status().expect("there is a compiler");
    assert!(status.success(), "{name} compiles");
    program
}

fn observed(name: &str, args: &[&str], wall: Duration) -> Observation {
    let directory = tempfile::tempdir().expect("there is room");
    let mut request = Request::new(compiled(name, directory.path()));
    request.args = args.iter().map(|arg| (*arg).to_owned()).collect();
    request.limits.wall = wall;
    observe::observe(&request).expect("it can be observed")
}

fn deadlocked(name: &str) -> Observation {
    let seen = observed(name, &[], Duration::from_secs(30));
    assert_eq!(seen.verdict, Verdict::Deadlock, "{}", seen.reason);
    seen
}

#[test]
fn locks_have_their_names_and_holders_the_line_since_when() {
    assert_eq!(
        deadlocked("crosswise").wait_for.unwrap().to_string(),
        "main waits at crosswise.rs:17 for Mutex right made at crosswise.rs:6, \
         held by worker-1 since crosswise.rs:10\n\
         worker-1 waits at crosswise.rs:12 for Mutex left made at crosswise.rs:5, \
         held by main since crosswise.rs:15\n\
         in a circle: main -> worker-1 -> main\n"
    );
}

#[test]
fn locks_in_parts_of_something_are_named_by_the_way_to_them() {
    assert_eq!(
        deadlocked("bank").wait_for.unwrap().to_string(),
        "main waits at bank.rs:22 for the threads of a scope to end\n\
         there waits at bank.rs:13 for Mutex accounts[1].balance (accounts of bank.rs:19), \
         held by back since bank.rs:11\n\
         back waits at bank.rs:13 for Mutex accounts[0].balance (accounts of bank.rs:19), \
         held by there since bank.rs:11\n\
         auditor waits at bank.rs:26 for RwLock AUDIT made at bank.rs:8, \
         held by main since bank.rs:21\n\
         in a circle: there -> back -> there\n"
    );
}

#[test]
fn a_lock_that_was_given_back_is_not_held_any_more() {
    assert_eq!(
        deadlocked("dropped").wait_for.unwrap().to_string(),
        "main waits at dropped.rs:24 for ann to end\n\
         ann waits at dropped.rs:11 for Mutex right made at dropped.rs:17, \
         held by bob since dropped.rs:9\n\
         bob waits at dropped.rs:11 for Mutex left made at dropped.rs:17, \
         held by ann since dropped.rs:9\n\
         in a circle: ann -> bob -> ann\n"
    );
}

#[test]
fn who_waits_for_a_condition_has_given_that_lock_back_but_no_other() {
    assert_eq!(
        deadlocked("let_go").wait_for.unwrap().to_string(),
        "main waits at let_go.rs:22 for Mutex outer made at let_go.rs:7, \
         held by waits since let_go.rs:12\n\
         waits waits at let_go.rs:14 for a notification of Condvar inner.1 (inner of let_go.rs:8)\n"
    );
}

#[test]
fn threads_that_are_stuck_when_main_returns_are_shown() {
    // Where the processors are taken, the end may outrun the last look at a thread.
    let mut runs = (0..10).map(|_| observed("ends_well", &[], Duration::from_secs(30)));
    let seen = runs.find(|seen| seen.wait_for.is_some()).unwrap();
    assert_eq!(seen.verdict, Verdict::Pass);
    assert_eq!(
        seen.reason,
        "it ended by itself with exit status 0 and left nothing behind; \
         when it ended, worker-0, worker-1 wait for each other for ever"
    );
    let graph = seen.wait_for.unwrap().to_string();
    assert!(graph.contains("worker-0 waits at ends_well.rs:19 for Mutex locks[1]"), "{graph}");
    assert!(graph.contains("held by worker-1 since ends_well.rs:16"), "{graph}");
}

#[test]
fn threads_that_are_stuck_while_main_rests_are_a_deadlock_at_the_bound() {
    let seen = observed("ends_well", &["rest"], SHORT);
    assert_eq!(seen.verdict, Verdict::Deadlock, "{}", seen.reason);
    assert_eq!(
        seen.reason,
        "worker-0, worker-1 wait for each other for ever, whatever the others do"
    );
}

/// The line that begins so.
fn about<'a>(graph: &'a str, start: &str) -> &'a str {
    graph.lines().find(|line| line.starts_with(start)).unwrap_or(graph)
}

#[test]
fn a_channel_has_its_name_and_a_sender_that_is_left_its_place() {
    for _ in 0..4 {
        let seen = deadlocked("pool").wait_for.unwrap();
        let waits = seen.nodes.iter().find(|node| node.waits_for.starts_with("a message"));
        let waits = waits.expect("one worker waits for a job");
        let other = if waits.name == "worker-0" { "worker-1" } else { "worker-0" };
        let graph = seen.to_string();
        assert_eq!(
            about(&graph, &waits.name),
            format!(
                "{} waits at pool.rs:18 for a message for the receiver todo made at pool.rs:17; \
                 main has the sender pool.jobs (pool of pool.rs:25)",
                waits.name
            )
        );
        assert_eq!(
            about(&graph, other),
            format!(
                "{other} waits at pool.rs:18 for Mutex todo made at pool.rs:17, \
                 held by {}, as its stack shows",
                waits.name
            )
        );
    }
}

#[test]
fn ends_of_channels_that_were_moved_to_threads_are_there_and_not_where_they_were_made() {
    assert_eq!(
        deadlocked("rendezvous").wait_for.unwrap().to_string(),
        "main waits at rendezvous.rs:18 for ann to end\n\
         ann waits at rendezvous.rs:7 for room for what the sender to_bob made at rendezvous.rs:13 \
         sends; bob has the receiver for_bob made at rendezvous.rs:13\n\
         bob waits at rendezvous.rs:7 for room for what the sender to_ann made at rendezvous.rs:12 \
         sends; ann has the receiver for_ann made at rendezvous.rs:12\n\
         in a circle: ann -> bob -> ann\n"
    );
}

#[test]
fn a_guard_that_was_given_back_is_not_found_by_its_traces() {
    let graph = deadlocked("earlier").wait_for.unwrap().to_string();
    assert_eq!(
        about(&graph, "main"),
        "main waits at earlier.rs:9 for Mutex lock made at earlier.rs:16, \
         held by keeper, as its stack shows"
    );
}

#[test]
fn a_condition_that_counts_to_the_number_of_a_thread_is_not_its_end() {
    let graph = deadlocked("counted").wait_for.unwrap().to_string();
    assert_eq!(
        about(&graph, "main"),
        "main waits at counted.rs:24 for a notification of Condvar condition made at counted.rs:11"
    );
}

#[test]
fn a_semaphore_in_shared_memory_has_its_name() {
    let graph = deadlocked("units").wait_for.unwrap().to_string();
    assert_eq!(
        about(&graph, "process 2"),
        "process 2 (main) waits at units.rs:25 for semaphore full (full of units.rs:20); \
         process 1 (main) has the same memory"
    );
}
