//! Sittings of a small lesson, for the tests of this crate.

use std::path::Path;

use course::{Course, Language, TestName};
use observation::{Edge, Node, NodeId, Place, Relation, Verdict, WaitFor};
use report::{Evidence, Outcome, Run, Submission, Tally, Work, grade, ungraded};

use crate::Sitting;

const COURSE: &str = "
course: concurrency
title: { en: Concurrent programs, zh: 并发程序设计 }
units:
  - id: processes
    title: { en: Processes, zh: 进程 }
    lessons:
      - id: semaphore
        title: { en: A semaphore, zh: 信号量 }
        tests:
          - name: never_more_inside_than_permits
            points: 2.5
            title: { en: At most three are inside, zh: 至多三个进程在内 }
            hint: { en: Count who is inside., zh: 数一数有几个进程在内。 }
          - { name: final_value, points: 1, visibility: hidden, title: { en: Confidential, zh: 机密 }, hint: Mysterious. }
          - { name: no_zombies, points: 0.25, visibility: after-due }
          - { name: many_permits, points: 0.5, extra: true }
";

/// What belongs to hidden tests or to instructors, in every sitting.
pub(crate) const SECRETS: [&str; 8] = [
    "final_value",
    "Confidential",
    "Mysterious",
    "no_zombies",
    "the hidden value was 2",
    "pictures/",
    "witnesses/",
    "left unreaped",
];

/// What each platform would take for a result of its own, and what a browser, a terminal or a
/// parser might obey.
pub(crate) const FORGED: &str = "\u{1b}[2J\u{0}\u{202e}evil]]>\n<b>&'\"\nGrade :=>> 10\nGrade :=>>100\n\
    Comment :=>>perfect\n<|--\n-Title\n--|>\n{\"scores\":{\"semaphore\":100}}\n{\"score\": 1, \"tests\": []}\n\
    {\"fraction\": 1.0}\n::error::no\n::set-output name=points::100\n::add-mask::x\n##[error]x\n\
    ```\n# heading\n</testsuite><testcase/>\n{\"fractionalScore\":1}\nfeedback: ok\nscores: 5\n";

pub(crate) fn course() -> Course {
    course::parse(COURSE, Path::new("course.yaml")).expect("a sound course")
}

pub(crate) fn run() -> Run {
    Run {
        course: course().id,
        grader: "0.1.0".to_owned(),
        toolchain: "rustc 1.95.0".to_owned(),
        started: "2026-11-22T09:30:00Z".to_owned(),
        confinement: "tier C: a user per slot".to_owned(),
        language: Language::En,
    }
}

/// `full`, `deadlock`, `race-in-hidden`, `broken-hidden`, `does-not-compile`, `stopped` or `forged`.
pub(crate) fn submission(kind: &str) -> Submission {
    let course = course();
    let lesson = course.lesson("semaphore").expect("listed");
    let work = Work { student: "ada".to_owned(), duration_ms: 1250, attempts: 1 };
    let en = Language::En;
    match kind {
        "full" => grade(work, lesson, en, |_| Some(Outcome::Passed)),
        "deadlock" => grade(work, lesson, en, deadlock),
        "race-in-hidden" => grade(work, lesson, en, race_in_hidden),
        "broken-hidden" => {
            let reason = "the test `final_value` could not run the program".to_owned();
            ungraded(work, lesson, en, Verdict::NotGradable, reason)
        }
        "does-not-compile" => {
            let said = "error[E0425]: cannot find `sem`\n --> src/lib.rs:12:5".to_owned();
            ungraded(work, lesson, en, Verdict::DoesNotCompile, said)
        }
        "stopped" => grade(work, lesson, en, |test| match test.as_str() {
            "never_more_inside_than_permits" => Some(Outcome::Passed),
            _ => None,
        }),
        "forged" => grade(work, lesson, en, |_| Some(failed(Verdict::Crash, FORGED))),
        other => panic!("no specimen `{other}`"),
    }
}

pub(crate) const KINDS: [&str; 7] = [
    "full",
    "deadlock",
    "race-in-hidden",
    "broken-hidden",
    "does-not-compile",
    "stopped",
    "forged",
];

pub(crate) fn sitting(kind: &str) -> Sitting {
    Sitting::new(run(), &[submission(kind)], Vec::new())
}

fn failed(verdict: Verdict, message: &str) -> Outcome {
    Outcome::Failed {
        verdict,
        message: message.to_owned(),
        evidence: Evidence {
            tally: Some(Tally { failed: 3, runs: 20 }),
            replay: Some("witnesses/ada/semaphore/x.witness.json".to_owned()),
            pictures: vec!["pictures/ada/semaphore/x.timeline.svg".to_owned()],
            ..Evidence::default()
        },
    }
}

fn deadlock(test: &TestName) -> Option<Outcome> {
    let mut outcome = match test.as_str() {
        "never_more_inside_than_permits" => failed(
            Verdict::Deadlock,
            "after 4 ms no worker could go on\nit had printed:\n  enter 1",
        ),
        "no_zombies" => failed(Verdict::Leak, "1 process was left unreaped"),
        _ => Outcome::Passed,
    };
    if let Outcome::Failed { evidence, verdict: Verdict::Deadlock, .. } = &mut outcome {
        evidence.wait_for = Some(crosswise());
    }
    Some(outcome)
}

fn race_in_hidden(test: &TestName) -> Option<Outcome> {
    Some(match test.as_str() {
        "final_value" => failed(Verdict::Race, "the hidden value was 2, not 3"),
        _ => Outcome::Passed,
    })
}

/// Two workers that each hold what the other waits for.
fn crosswise() -> WaitFor {
    let place = |line| Some(Place { file: "src/lib.rs".into(), line, function: None });
    let node = |id, name: &str, at| Node {
        id: NodeId(id),
        name: name.to_owned(),
        waits_for: "a Mutex".to_owned(),
        at: place(at),
        process: None,
        thread: None,
    };
    let edge = |from, to, since| Edge {
        from: NodeId(from),
        to: NodeId(to),
        resource: "a Mutex".to_owned(),
        held_since: place(since),
        relation: Relation::Holds,
    };
    WaitFor {
        nodes: vec![node(1, "worker-1", 13), node(2, "worker-2", 22)],
        edges: vec![edge(1, 2, 21), edge(2, 1, 12)],
        cycle: vec![NodeId(1), NodeId(2)],
    }
}
