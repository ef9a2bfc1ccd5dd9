//! A small course and a small class, for the tests of this crate.

use std::path::{Path, PathBuf};

use course::{Course, Language, TestName};
use observation::{Edge, Node, NodeId, Place, Relation, Verdict, WaitFor};

use crate::{
    Evidence, GradedLesson, Outcome, Report, Run, Submission, Tally, Work, grade, ungraded,
};

const COURSE: &str = "
course: concurrency
title: { en: Concurrent programs, zh: 并发程序设计 }
units:
  - id: processes
    title: { en: Processes, zh: 进程 }
    lessons:
      - id: fork
        title: { en: Fork, zh: 派生 }
        tests:
          - { name: returns_twice, points: 10 }
      - id: semaphore
        title: { en: A semaphore, zh: 信号量 }
        tests:
          - name: never_more_inside_than_permits
            points: 2.5
            title: { en: At most three are inside, zh: 至多三个进程在内 }
            hint:
              deadlock: { en: Release on every path., zh: 每条路径都要释放。 }
              any: { en: Count who is inside., zh: 数一数有几个进程在内。 }
          - { name: final_value, points: 1, visibility: hidden, hint: Secret. }
          - { name: no_zombies, points: 0.25, visibility: after-due }
          - { name: many_permits, points: 0.5, extra: true }
";

/// Does what a terminal, a browser or a parser might obey.
pub(crate) const HOSTILE: &str = "\u{1b}[2J<b>&]]>\u{0}\u{202e}evil\n::error::";

pub(crate) fn course() -> Course {
    course::parse(COURSE, Path::new("course.yaml")).expect("a sound course")
}

pub(crate) fn work(student: &str) -> Work {
    Work { student: student.to_owned(), duration_ms: 1250, attempts: 1 }
}

/// Two workers that each hold what the other waits for.
pub(crate) fn crosswise() -> WaitFor {
    let place = |line| Some(Place { file: PathBuf::from("src/lib.rs"), line, function: None });
    let mutex = |line| format!("the Mutex made at lib.rs:{line}");
    let node = |id, name: &str, made, at| Node {
        id: NodeId(id),
        name: name.to_owned(),
        waits_for: mutex(made),
        at: place(at),
        process: None,
        thread: None,
    };
    let edge = |from, to, made, since| Edge {
        from: NodeId(from),
        to: NodeId(to),
        resource: mutex(made),
        held_since: place(since),
        relation: Relation::Holds,
    };
    WaitFor {
        nodes: vec![node(1, "worker-1", 4, 13), node(2, "worker-2", 3, 22)],
        edges: vec![edge(1, 2, 4, 21), edge(2, 1, 3, 12)],
        cycle: vec![NodeId(1), NodeId(2)],
    }
}

/// Full marks, a deadlock, a race in a hidden test, what does not compile, and what could
/// not be graded: in no good order, as graders finish.
pub(crate) fn class(language: Language) -> Report {
    let course = course();
    let lessons = course.lessons().map(|lesson| GradedLesson::new(lesson, language));
    let run = Run {
        course: course.id.clone(),
        grader: "0.1.0".to_owned(),
        toolchain: "rustc 1.95.0".to_owned(),
        started: "2026-11-22T09:30:00Z".to_owned(),
        confinement: "user namespaces, seccomp".to_owned(),
        language,
    };
    Report::new(run, lessons.collect(), submissions(&course, language))
}

fn submissions(course: &Course, language: Language) -> Vec<Submission> {
    let fork = course.lesson("fork").expect("listed");
    let semaphore = course.lesson("semaphore").expect("listed");
    let passed = |_: &TestName| Some(Outcome::Passed);
    let does_not_compile = format!("error[E0425]: cannot find `sem`\n{HOSTILE}");
    vec![
        grade(work("李小龙"), semaphore, language, race_in_hidden),
        ungraded(work(HOSTILE), semaphore, language, Verdict::DoesNotCompile, does_not_compile),
        grade(work("bob"), semaphore, language, deadlock),
        grade(work("ada"), semaphore, language, passed),
        grade(work("ada"), fork, language, passed),
        ungraded(
            Work { attempts: 3, ..work("bob") },
            fork,
            language,
            Verdict::NotGradable,
            "no memory left on this host".to_owned(),
        ),
    ]
}

fn deadlock(test: &TestName) -> Option<Outcome> {
    Some(match test.as_str() {
        "never_more_inside_than_permits" => Outcome::Failed {
            verdict: Verdict::Deadlock,
            message: "after 4 ms no worker could go on\nit had printed:\n  enter 1".to_owned(),
            evidence: Evidence {
                wait_for: Some(crosswise()),
                witness: Some("seed 7".to_owned()),
                replay: None,
                tally: Some(Tally { failed: 3, runs: 20 }),
                ..Evidence::default()
            },
        },
        "no_zombies" => Outcome::Failed {
            verdict: Verdict::Leak,
            message: "1 process was left unreaped".to_owned(),
            evidence: Evidence::default(),
        },
        _ => Outcome::Passed,
    })
}

fn race_in_hidden(test: &TestName) -> Option<Outcome> {
    Some(match test.as_str() {
        "final_value" => Outcome::Failed {
            verdict: Verdict::Race,
            message: "the hidden value was 2, not 3".to_owned(),
            evidence: Evidence::default(),
        },
        _ => Outcome::Passed,
    })
}
