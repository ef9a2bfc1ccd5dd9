//! A run that is stopped at any moment goes on where it was.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use predicates::prelude::*;
use predicates::str::contains;

use crate::{Class, root, solution};

/// Ten students of whom two hand in the same, and nothing takes long.
fn class() -> Class {
    class_of(10)
}

/// The same with more students, so that no grader is done before it is heard of.
fn large_class() -> Class {
    class_of(40)
}

fn class_of(students: usize) -> Class {
    let class = Class::new();
    let file = |n: usize| format!("student-{n:02}/lock/lib.rs");
    for n in 0..students - 2 {
        class.hand_in(&file(n), format!("fn broken() {{ {n} \n"));
    }
    class.hand_in(&file(students - 2), "fn broken() { 0 \n");
    class.hand_in(&file(students - 1), solution("lock"));
    class
}

fn start(class: &Class, out: &Path) -> Child {
    command(class, out).spawn().unwrap()
}

fn command(class: &Class, out: &Path) -> Command {
    let mut grader = Command::new(env!("CARGO_BIN_EXE_grader"));
    grader
        .current_dir(root())
        .arg("grade")
        .arg(class.path())
        .args(["--no-cache", "--out"])
        .arg(out);
    grader.stdout(Stdio::null()).stderr(Stdio::piped());
    grader
}

/// Waits until `count` results were announced.
fn wait_for(grader: &mut Child, count: usize) {
    let lines = BufReader::new(grader.stderr.as_mut().unwrap()).lines();
    let announced = lines.map(Result::unwrap).filter(|line| line.starts_with('['));
    assert_eq!(announced.take(count).count(), count, "the grader ended before that");
}

fn grade(class: &Class, out: &Path) -> assert_cmd::assert::Assert {
    let mut grader = crate::grader();
    grader.arg("grade").arg(class.path()).args(["--no-cache", "--out"]).arg(out).assert().code(0)
}

/// The results without what differs between any two runs.
fn results(out: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(out.join("results.json")).unwrap();
    let mut results: serde_json::Value = serde_json::from_str(&text).unwrap();
    results["started"] = "".into();
    for submission in results["submissions"].as_array_mut().unwrap() {
        submission["duration_ms"] = 0.into();
    }
    results
}

/// The students whose results stand in the journal, sorted.
fn in_journal(out: &Path) -> Vec<String> {
    let journal = std::fs::read_to_string(out.join("journal")).unwrap();
    let records = journal.lines().filter_map(|line| {
        let record: serde_json::Value = serde_json::from_str(line.get(9..)?).ok()?;
        Some(record.get("result")?.get("result")?.get("student")?.as_str()?.to_owned())
    });
    let mut students: Vec<_> = records.collect();
    students.sort();
    students
}

#[test]
fn killed_at_any_moment_a_run_goes_on_and_nothing_is_lost_or_done_twice() {
    let class = large_class();
    let whole = class.out();
    grade(&class, &whole);
    let everybody: Vec<String> = (0..40).map(|n| format!("student-{n:02}")).collect();
    assert_eq!(in_journal(&whole), everybody);

    let out = class.out().with_file_name("killed");
    let mut kept = 0;
    for count in [1, 2, 1, 3] {
        let mut grader = start(&class, &out);
        wait_for(&mut grader, count);
        kill(Pid::from_raw(grader.id().cast_signed()), Signal::SIGKILL).unwrap();
        grader.wait().unwrap();
        let students = in_journal(&out);
        let mut once = students.clone();
        once.dedup();
        assert_eq!(students, once);
        assert!(students.len() >= kept + count, "{students:?}");
        kept = students.len();
    }
    grade(&class, &out).stderr(contains(format!("results kept: {kept}\n")));
    assert_eq!(in_journal(&out), everybody);
    assert_eq!(results(&out), results(&whole));
}

#[test]
fn asked_to_stop_a_run_finishes_what_is_in_work_and_says_how_to_go_on() {
    let class = large_class();
    let out = class.out();
    let mut grader = start(&class, &out);
    wait_for(&mut grader, 1);
    kill(Pid::from_raw(grader.id().cast_signed()), Signal::SIGINT).unwrap();
    let mut said = String::new();
    std::io::Read::read_to_string(grader.stderr.as_mut().unwrap(), &mut said).unwrap();
    assert_eq!(grader.wait().unwrap().code(), Some(3), "{said}");
    assert!(said.contains("the same command goes on with the others"), "{said}");
    assert!(!out.join("results.json").exists());
    let kept = in_journal(&out).len();
    assert!((1..40).contains(&kept));
    let rest = grade(&class, &out);
    rest.stderr(contains(format!("results kept: {kept}\n"))).stdout(contains("40 graded, 0 not"));
}

#[test]
fn what_was_changed_since_is_graded_again_and_the_rest_is_not() {
    let class = class();
    let mut grader = start(&class, &class.out());
    wait_for(&mut grader, 10);
    // It is done or about to be: a run that is done is not gone on with.
    grader.wait().unwrap();
    class.hand_in("student-09/lock/lib.rs", "fn broken() { 9 \n");
    grade(&class, &class.out()).stderr(contains("results kept").not());
    assert!(class.verdicts().contains("student-09 lock does-not-compile 0/14"));
}

#[test]
fn two_graders_do_not_write_into_one_folder() {
    let class = class();
    class.grade().code(0);
    let journal = std::fs::File::open(class.out().join("journal")).unwrap();
    // As a grader does for as long as it writes.
    journal.try_lock().unwrap();
    class.grade().code(2).stderr(contains("another grader is writing to"));
}

/// The folders that go with a process, by what it has open.
fn folders_of(process: u32) -> Vec<PathBuf> {
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let open = open.filter_map(|one| std::fs::read_link(one.unwrap().path()).ok());
    open.filter(|path| path.display().to_string().contains("/interleave-work-")).collect()
}

#[test]
fn the_next_grader_removes_the_folders_of_one_that_was_killed() {
    let class = class();
    let out = class.out();
    let temporary = tempfile::tempdir().unwrap();
    let mut grader = command(&class, &out).env("TMPDIR", temporary.path()).spawn().unwrap();
    wait_for(&mut grader, 9);
    let folders = folders_of(grader.id());
    kill(Pid::from_raw(grader.id().cast_signed()), Signal::SIGKILL).unwrap();
    assert_eq!(grader.wait().unwrap().signal(), Some(Signal::SIGKILL as i32));
    // That of the submissions in work, beside what cargo builds, and those of the cache and of intake.
    let in_temporary = folders.iter().filter(|folder| folder.starts_with(temporary.path()));
    assert_eq!((folders.len(), in_temporary.count()), (3, 2), "{folders:?}");
    for folder in &folders {
        // A test that was running holds it until it has ended, and any other grader may be there first.
        let _ = std::fs::File::open(folder).and_then(|folder| folder.lock());
    }

    let next = command(&class, &out).env("TMPDIR", temporary.path()).status().unwrap();
    assert!(next.success());
    assert!(folders.iter().all(|folder| !folder.exists()), "{folders:?}");
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
}
