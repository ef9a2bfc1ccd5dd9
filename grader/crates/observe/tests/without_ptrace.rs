//! Where ptrace is refused, runs are still bounded and ended, and the observation
//! says what it does not know. A traced observer is refused: nobody is traced twice.

use observation::{Exit, Fact, HangKind, LimitKind, Observation, Verdict};

use support::{request, specimen_path};

mod support;

fn nested(wall: u64, name: &str) -> Observation {
    let mut request = request(name);
    let specimen =
        std::mem::replace(&mut request.program, specimen_path().with_file_name("nested"));
    request.args = vec![
        wall.to_string(),
        specimen.to_str().expect("the specimens can be observed").to_owned(),
        name.to_owned(),
    ];
    request.limits.output = 16 << 20;
    let outer = observe::observe(&request).expect("the specimens can be observed");
    assert_eq!(outer.exit, Some(Exit::Code(0)), "{}", outer.stderr.text);
    // Whatever the inner one started, it has ended.
    assert!(outer.processes.iter().all(|process| process.ended.is_some()), "{name}");
    serde_json::from_str(&outer.stdout.text).expect("the specimens can be observed")
}

#[test]
fn it_says_what_it_does_not_know() {
    let seen = nested(10_000, "exit-3");
    assert_eq!((seen.verdict, seen.exit), (Verdict::Pass, Some(Exit::Code(3))));
    for fact in [Fact::Processes, Fact::Reaping, Fact::Deadlock] {
        assert!(seen.unsure_of(fact).unwrap().contains("ptrace is refused"));
    }
}

#[test]
fn output_exits_and_signals_are_seen() {
    assert_eq!(nested(10_000, "exec").stdout.text, "done\n");
    assert_eq!(nested(10_000, "segv").exit, Some(Exit::Signal(11)));
}

#[test]
fn orphans_are_found_and_ended() {
    let seen = nested(10_000, "orphan");
    assert_eq!((seen.verdict, seen.orphans), (Verdict::Leak, 1));
}

#[test]
fn a_hang_is_a_timeout_and_never_a_deadlock() {
    let seen = nested(200, "self-lock");
    assert_eq!((seen.verdict, seen.exit), (Verdict::Timeout, None));
}

#[test]
fn a_flood_is_ended() {
    let seen = nested(10_000, "flood");
    assert_eq!(seen.hang.unwrap().kind, HangKind::Limit(LimitKind::Output));
}
