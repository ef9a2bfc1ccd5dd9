//! What becomes of a run when those who do it, or who want it, die.
#![allow(clippy::unwrap_used, reason = "all of it is a test")]

use std::fs;
use std::process::Command;
use std::thread;

use jail::{Confinement, Controller, Slot};
use keeper::{Keeper, KeeperError, Place, Weak, settle};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use observation::Request;

fn place() -> Option<Place> {
    let keeper = Keeper::new(env!("CARGO_BIN_EXE_keeper"));
    let tier = settle(&keeper, Weak::Refused).ok()?.tier;
    Some(Place { keeper, tier, slot: Slot(30) })
}

fn shell(script: &str) -> Request {
    let mut request = Request::new("/bin/sh");
    request.args = vec!["-c".to_owned(), script.to_owned()];
    request
}

/// The process of the place's slot.
fn resident(place: &Place) -> Pid {
    Pid::from_raw(place.keeper.process(place.slot).unwrap().cast_signed())
}

/// What the first thread of a process has started and not reaped.
fn children(parent: Pid) -> Vec<Pid> {
    let children = format!("/proc/{parent}/task/{parent}/children");
    let children = fs::read_to_string(children).unwrap_or_default();
    children.split_whitespace().map(|word| Pid::from_raw(word.parse().unwrap())).collect()
}

/// Waits, by asking again and again, until a job is being done, and by whom.
fn worker(place: &Place) -> Pid {
    loop {
        if let [worker] = children(resident(place))[..]
            && !children(worker).is_empty()
        {
            return worker;
        }
        thread::yield_now();
    }
}

/// How many control groups there are of the runs of the place's slot.
fn groups(place: &Place) -> usize {
    let beginning = format!("interleave-{}-", resident(place));
    let parents =
        [Controller::Memory, Controller::Tasks].into_iter().filter_map(Controller::parent);
    let below = parents.flat_map(|parent| fs::read_dir(parent).unwrap());
    let name = |group: std::io::Result<fs::DirEntry>| group.unwrap().file_name();
    below.map(name).filter(|name| name.to_str().unwrap().starts_with(&beginning)).count()
}

fn says_hello(place: &Place) {
    assert_eq!(place.run(&shell("echo hello")).unwrap().stdout.text, "hello\n");
}

#[test]
fn a_keeper_that_died_is_replaced() {
    let Some(place) = place() else { return };
    says_hello(&place);
    let died = resident(&place);
    kill(died, Signal::SIGKILL).unwrap();
    says_hello(&place);
    assert_ne!(resident(&place), died);
}

#[test]
fn a_run_whose_process_died_is_done_again() {
    let Some(place) = place() else { return };
    says_hello(&place);
    let folder = tempfile::tempdir().unwrap();
    let flag = folder.path().join("flag");
    let request = shell(&format!("until [ -e {} ]; do :; done; echo at last", flag.display()));
    let mut confinement = Confinement::for_program(place.tier, place.slot, &request.program);
    confinement.readable.push(folder.path().to_owned());
    let seen = thread::scope(|scope| {
        let run = scope.spawn(|| place.keeper.run(&request, &confinement));
        kill(worker(&place), Signal::SIGKILL).unwrap();
        fs::write(&flag, "").unwrap();
        run.join().unwrap().unwrap()
    });
    assert_eq!(seen.stdout.text, "at last\n");
    assert_eq!(groups(&place), 0);
}

#[test]
fn a_run_that_is_lost_each_time_is_our_fault_and_hurts_no_other() {
    let Some(place) = place() else { return };
    says_hello(&place);
    let lost = thread::scope(|scope| {
        let run = scope.spawn(|| place.run(&shell("while :; do :; done")));
        while !run.is_finished() {
            for worker in children(resident(&place)) {
                let _ = kill(worker, Signal::SIGKILL);
            }
        }
        run.join().unwrap()
    });
    assert!(matches!(lost, Err(KeeperError::Lost(_))), "{lost:?}");
    says_hello(&place);
    let workers = children(resident(&place));
    assert!(matches!(workers[..], [worker] if children(worker).is_empty()), "{workers:?}");
}

#[test]
fn a_worker_goes_on_after_a_run_that_left_nothing_and_not_after_one_that_is_our_fault() {
    let Some(place) = place() else { return };
    says_hello(&place);
    let before = children(resident(&place));
    says_hello(&place);
    assert_eq!(children(resident(&place)), before);
    place.run(&Request::new("/no/such/program")).unwrap_err();
    says_hello(&place);
    assert_ne!(children(resident(&place)), before);
}

/// What the next test starts as a process of its own: it runs a program that never ends.
#[test]
fn somebody_who_waits_for_an_endless_run() {
    if let Ok(Some(place)) = Place::from_environment() {
        let _ = place.run(&shell("while :; do :; done"));
    }
}

#[test]
fn a_run_that_nobody_waits_for_any_more_is_ended() {
    let Some(place) = place() else { return };
    says_hello(&place);
    let mut waiting = Command::new(std::env::current_exe().unwrap());
    waiting.args(["--exact", "somebody_who_waits_for_an_endless_run"]);
    place.hand_to(&mut waiting).unwrap();
    let mut waiting = waiting.spawn().unwrap();
    let worker = worker(&place);
    waiting.kill().unwrap();
    waiting.wait().unwrap();
    // Its turn comes once the other is over.
    says_hello(&place);
    assert!(kill(worker, None).is_err());
    assert_eq!(groups(&place), 0);
}
