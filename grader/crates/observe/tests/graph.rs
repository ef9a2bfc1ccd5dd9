//! Who waits for whom, in the words that a student reads.

use std::process::Command;

use observation::{NodeId, Relation, WaitFor};

use support::specimen;

mod support;

fn graph(name: &str) -> WaitFor {
    specimen(name).wait_for.expect("a deadlock has a graph")
}

/// The words, with the numbers of lines and of kernel objects taken out.
fn words(name: &str) -> String {
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let text = graph(name).to_string();
    let word = |word: &str| match word.split_once(".rs:") {
        Some((file, rest)) => {
            format!("{file}.rs{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None if digits(word) && word.len() > 2 => "N".to_owned(),
        None if digits(word.trim_end_matches(';')) && word.len() > 2 => "N;".to_owned(),
        None => word.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn threads_that_lock_crosswise_are_shown_with_their_holders() {
    assert_eq!(
        words("crosswise"),
        "main waits at stuck_threads.rs for worker-0 to end\n\
         worker-0 waits at stuck_threads.rs for Mutex A, held by worker-1, as its stack shows\n\
         worker-1 waits at stuck_threads.rs for Mutex B, held by worker-0, as its stack shows\n\
         in a circle: worker-0 -> worker-1 -> worker-0"
    );
}

#[test]
fn five_philosophers_wait_in_one_circle() {
    let graph = graph("philosophers");
    assert_eq!(graph.cycle, [2, 3, 4, 5, 6].map(NodeId));
    let seats = graph.edges.iter().filter(|edge| edge.relation == Relation::SeemsToHold);
    assert_eq!(seats.count(), 5);
}

#[test]
fn a_thread_that_locks_twice_waits_for_itself() {
    assert_eq!(
        words("self-lock"),
        "main waits at stuck_threads.rs for Mutex A, held by main, as its stack shows\n\
         in a circle: main -> main"
    );
}

#[test]
fn a_mutex_in_shared_memory_is_held_by_a_process_that_may_have_ended() {
    assert_eq!(
        words("shared-mutex-held"),
        "process 1 (main) waits at stuck_processes.rs for Mutex A, held by process 2 (main)\n\
         process 2 (main) waits at system.rs for something in pipe N; \
         process 1 (main) has the write end of pipe N open (descriptor 6); \
         process 2 (main) has the write end of pipe N open (descriptor 6)\n\
         in a circle: process 1 (main) -> process 2 (main) -> process 1 (main)"
    );
    assert_eq!(
        words("shared-mutex-of-the-dead"),
        "main waits at stuck_processes.rs for Mutex A, whose holder has ended"
    );
}

#[test]
fn a_lock_that_nobody_holds_has_no_holder() {
    assert_eq!(words("guard-leaked"), "main waits at stuck_threads.rs for Mutex A");
}

#[test]
fn what_threads_wait_for_is_named_as_they_called_it() {
    for (name, who, what) in [
        ("condvar", "waiter-0", "a notification of a Condvar"),
        ("receiver", "thread 1", "a message from a channel"),
        ("barrier-short", "thread 2", "the others at a Barrier"),
        ("full-channel", "main", "room in a channel"),
        ("rwlock-upgrade", "main", "RwLock A"),
        ("park", "main", "being unparked"),
    ] {
        let graph = graph(name);
        let node = graph.nodes.iter().find(|node| node.name == who).unwrap();
        assert_eq!(node.waits_for, what, "{name}");
        assert!(node.at.is_some(), "{name}");
    }
}

#[test]
fn a_pipe_is_shown_with_all_who_hold_its_other_end() {
    assert_eq!(
        words("pipe-end-held"),
        "process 1 (main) waits at system.rs for process 2 to end\n\
         process 2 (main) waits at system.rs for something in pipe N; \
         process 1 (main) has the write end of pipe N open (descriptor 4); \
         process 2 (main) has the write end of pipe N open (descriptor 4)\n\
         in a circle: process 1 (main) -> process 2 (main) -> process 1 (main)"
    );
}

#[test]
fn a_wait_for_several_things_names_them_all() {
    assert_eq!(
        words("polls-process"),
        "process 1 (main) waits at stuck_processes.rs for process 2 to end or something in pipe N; \
         process 1 (main) has the write end of pipe N open (descriptor 6); \
         process 2 (main) has the write end of pipe N open (descriptor 6)\n\
         process 2 (main) waits at system.rs for something in pipe N; \
         process 1 (main) has the write end of pipe N open (descriptor 4); \
         process 2 (main) has the write end of pipe N open (descriptor 4)\n\
         in a circle: process 1 (main) -> process 2 (main) -> process 1 (main)"
    );
}

#[test]
fn a_system_v_semaphore_is_shown_with_who_changed_it_last() {
    let seen = specimen("system-v-crosswise");
    let id = seen.stdout.text.trim();
    assert!(Command::new("ipcrm").args(["-s", id]).status().unwrap().success());
    let graph = seen.wait_for.unwrap();
    let means = graph.edges.iter().map(|edge| (edge.relation, edge.resource.as_str()));
    assert!(means.clone().all(|means| means == (Relation::CouldAct, "changed it last")), "{graph}");
    assert!(graph.nodes[0].waits_for.starts_with("semaphore "), "{graph}");
    assert_eq!(graph.cycle.len(), 2);
}

#[test]
fn a_thread_that_goes_round_is_named_by_who_waits_for_it() {
    let words = words("spin-in-a-worker");
    assert!(words.contains("main waits at threads.rs for thread 1 to end"), "{words}");
}

#[test]
fn threads_that_were_ended_by_us_have_their_names() {
    let seen = specimen("crosswise");
    let names: Vec<_> = seen.threads.iter().map(|thread| thread.name.as_str()).collect();
    assert_eq!(names, ["worker-0", "worker-1"]);
}
