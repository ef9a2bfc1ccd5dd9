//! Programs that cannot go on are convicted, at once; others never.

use std::process::Command;
use std::time::Duration;

use observation::{Diagnosis, Doubt, HangKind, LimitKind, Verdict};

use support::{SHORT, alone, request, specimen, specimen_in};

mod support;

#[test]
fn threads_that_wait_for_each_other_are_proved_to_be_deadlocked() {
    for name in [
        "crosswise",
        "crosswise-with-main",
        "condvar",
        "self-lock",
        "receiver",
        "guard-leaked",
        "barrier-short",
        "rwlock-upgrade",
        "philosophers",
        "full-channel",
        "park",
    ] {
        let seen = specimen(name);
        assert_eq!(seen.verdict, Verdict::Deadlock, "{name}: {}", seen.reason);
        assert!(seen.verdict_latency.is_some());
    }
}

#[test]
fn processes_that_wait_for_each_other_are_proved_to_be_deadlocked() {
    for name in [
        "pipe-end-held",
        "pipe-crosswise",
        "pipe-to-itself",
        "pipe-full",
        "pipe-to-pipe",
        "semaphores-crosswise",
        "socket-pair",
        "event-counter",
        "file-locks",
        "named-fifo",
        "polls-for-ever",
        "polls-a-queue",
        "polls-while-a-child-ends",
        "polls-while-children-end",
        "selects-for-ever",
        "epolls-for-ever",
        "polls-process",
        "waits-for-words",
    ] {
        let directory = tempfile::tempdir().unwrap();
        let seen = specimen_in(name, directory.path());
        assert_eq!(seen.verdict, Verdict::Deadlock, "{name}: {}", seen.reason);
    }
}

#[test]
fn waits_for_system_v_objects_are_proved_to_be_endless() {
    for (name, kind) in [("system-v-semaphores", "-s"), ("system-v-queue", "-q")] {
        let seen = specimen(name);
        let removed = Command::new("ipcrm").args([kind, seen.stdout.text.trim()]).status();
        assert!(removed.unwrap().success());
        assert_eq!(seen.verdict, Verdict::Deadlock, "{name}: {}", seen.reason);
    }
}

#[test]
fn what_others_could_end_is_a_deadlock_where_there_are_none() {
    for (name, waits_for) in [("opens-fifo", "somebody to open the FIFO"), ("pauses", "a signal")] {
        let directory = tempfile::tempdir().unwrap();
        let seen = alone(name, directory.path());
        assert_eq!(seen.verdict, Verdict::Deadlock, "{name}: {}", seen.reason);
        let graph = seen.wait_for.unwrap().to_string();
        assert!(graph.contains(waits_for), "{name}: {graph}");
        let mut request = request(name);
        request.args.push(directory.path().join("with-others").display().to_string());
        std::fs::create_dir(&request.args[1]).unwrap();
        request.limits.wall = SHORT;
        let seen = observe::observe(&request).unwrap();
        assert_eq!(seen.verdict, Verdict::Timeout, "{name}: {}", seen.reason);
        assert_eq!(seen.hang.unwrap().doubt, Some(Doubt::Outsider), "{name}: {}", seen.reason);
    }
}

#[test]
fn what_may_be_ended_is_a_deadlock_where_it_is_meant_to_hang() {
    for name in ["opens-fifo", "pauses", "waits-for-interrupt", "unset-timer"] {
        let directory = tempfile::tempdir().unwrap();
        let mut request = request(name);
        request.args.push(directory.path().display().to_string());
        request.diagnosis = Diagnosis::Verdict;
        let seen = observe::observe(&request).unwrap();
        assert_eq!(seen.verdict, Verdict::Deadlock, "{name}: {}", seen.reason);
    }
}

#[test]
fn correct_programs_are_never_convicted() {
    for name in [
        "ping-pong-pipes",
        "ping-pong-condvar",
        "ping-pong-semaphores",
        "spins-for-alarms",
        "slow-producer",
        "long-sleep",
        "waits-for-signal",
        "alarm",
        "interval-timer",
        "posix-timer",
        "socket-timeout",
        "waits-while-children-end",
        "epolls-while-children-end",
        "timer-descriptor",
        "timer-descriptor-often",
        "worker-sleeps",
        "reads-input",
    ] {
        let seen = specimen(name);
        assert_eq!(seen.verdict, Verdict::Pass, "{name}: {}", seen.reason);
    }
}

#[test]
fn looking_without_pause_convicts_no_correct_program() {
    let names = [
        "ping-pong-pipes",
        "ping-pong-condvar",
        "ping-pong-semaphores",
        "spins-for-alarms",
        "alarm",
        "waits-for-children-with-threads",
        "poll-and-look",
        "timer-descriptor-often",
    ];
    let (mut attempts, mut runs) = (0, 0);
    for name in names.iter().cycle() {
        let (seen, made) = observe::observe_relentlessly(&request(name)).unwrap();
        assert_eq!(seen.verdict, Verdict::Pass, "{name}: {}", seen.reason);
        attempts += made;
        runs += 1;
        if runs >= names.len() && attempts > 1_000 {
            break;
        }
    }
}

#[test]
fn a_program_under_suspicion_of_a_loop_goes_on_unharmed() {
    let mut request = request("ping-pong-condvar");
    // So long that it is looked at closely at least once, in the middle of its waits, and on no
    // host too long.
    request.args.push("20000".to_owned());
    request.limits.cpu = request.limits.wall;
    let seen = observe::observe(&request).unwrap();
    assert_eq!(seen.verdict, Verdict::Pass, "{}", seen.reason);
}

#[test]
fn an_alarm_that_is_set_ends_a_wait_that_nothing_else_would() {
    assert_eq!(specimen("alarm").stdout.text, "rang\ndone\n");
}

#[test]
fn a_look_at_a_semaphore_operation_does_not_break_it_off() {
    let output = specimen("semaphore-and-alarm").stdout.text;
    // Without SA_RESTART semantics a signal breaks it off, but not before.
    assert!(output.ends_with(" true\n"), "{output}");
}

#[test]
fn what_another_program_could_open_is_not_convicted() {
    let directory = tempfile::tempdir().unwrap();
    let name = directory.path().file_name().unwrap().to_str().unwrap();
    let mut request = request("named-semaphore");
    request.args.push(name.to_owned());
    request.limits.wall = SHORT;
    let seen = observe::observe(&request).unwrap();
    std::fs::remove_file(format!("/dev/shm/sem.{name}")).unwrap();
    assert_eq!(seen.verdict, Verdict::Timeout);
    assert!(seen.reason.contains("another program could open"), "{}", seen.reason);
}

#[test]
fn a_program_that_expects_a_signal_is_not_convicted() {
    let seen = bounded("waits-for-interrupt");
    assert_eq!(seen.verdict, Verdict::Timeout);
    assert!(seen.reason.contains("has a handler for SIGINT"), "{}", seen.reason);
}

#[test]
fn input_that_somebody_else_could_still_give_is_not_a_deadlock() {
    let (input, _writer) = std::io::pipe().unwrap();
    let mut request = request("reads-input");
    request.limits.wall = SHORT;
    let seen = observe::observe_reading(&request, input.into()).unwrap();
    assert_eq!(seen.verdict, Verdict::Timeout);
    assert!(seen.reason.contains("outside the run"), "{}", seen.reason);
}

fn bounded(name: &str) -> observation::Observation {
    let mut request = request(name);
    request.limits.wall = SHORT;
    observe::observe(&request).expect("a specimen can be observed")
}

#[test]
fn a_program_that_burns_the_processor_is_a_livelock() {
    for name in ["spin", "spin-politely"] {
        let seen = bounded(name);
        assert_eq!(seen.verdict, Verdict::Livelock, "{name}: {}", seen.reason);
    }
}

#[test]
fn a_loop_that_changes_nothing_is_proved_to_be_endless() {
    for name in ["spin", "spin-while-others-wait"] {
        let seen = specimen(name);
        assert_eq!(seen.verdict, Verdict::Livelock, "{name}: {}", seen.reason);
        assert!(seen.reason.contains("runs at threads.rs:"), "{}", seen.reason);
        assert!(seen.resources.user + seen.resources.system < Duration::from_secs(2), "{name}");
    }
}

#[test]
fn a_loop_that_changes_something_is_left_alone() {
    for name in ["counts-long", "spins-on-the-clock", "spins-for-a-worker"] {
        let seen = specimen(name);
        assert_eq!(seen.verdict, Verdict::Pass, "{name}: {}", seen.reason);
    }
}

#[test]
fn a_program_that_sleeps_past_its_bound_is_a_timeout_with_the_reason() {
    let seen = bounded("sleeps-for-ever");
    assert_eq!((seen.verdict, seen.exit), (Verdict::Timeout, None));
    assert!(seen.reason.contains("it sleeps"), "{}", seen.reason);
    assert_eq!(seen.hang.unwrap().doubt, Some(Doubt::Nap));
}

#[test]
fn a_program_that_ignores_requests_to_end_is_ended() {
    assert_eq!(bounded("ignores-term").verdict, Verdict::Timeout);
}

#[test]
fn a_program_that_stops_itself_is_a_timeout_and_not_a_deadlock() {
    assert_eq!(bounded("stops-itself").verdict, Verdict::Timeout);
}

#[test]
fn a_flood_is_cut_and_ended() {
    let mut request = request("flood");
    request.limits.output = 10_000;
    let seen = observe::observe(&request).unwrap();
    assert_eq!(seen.hang.unwrap().kind, HangKind::Limit(LimitKind::Output));
    assert_eq!((seen.stdout.text.len(), seen.stdout.truncated), (10_000, true));
    assert!(seen.stdout.bytes > 10_000);
}
