//! What becomes of a run when those who do it, or who want it, die.
#![allow(clippy::unwrap_used, reason = "all of it is a test")]

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use jail::{Confinement, Controller, Slot, Tier};
use keeper::{Keeper, KeeperError, Place, Weak, prove, settle};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use observation::Request;

fn place() -> Option<Place> {
    let keeper = Keeper::new(env!("CARGO_BIN_EXE_keeper"));
    let tier = settle(&keeper, Weak::Refused).ok()?.tier;
    Some(Place { keeper, tier, slot: Slot(30) })
}

/// In a tier in which a run gets a directory of the host's for its /tmp.
fn place_without_namespaces() -> Option<Place> {
    let keeper = Keeper::new(env!("CARGO_BIN_EXE_keeper"));
    let tier = [Tier::C, Tier::D].into_iter().find(|tier| prove(&keeper, *tier).is_ok())?;
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

/// The folder that goes with a process.
fn folder_of(process: Pid) -> PathBuf {
    let open = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let mut open = open.filter_map(|one| fs::read_link(one.unwrap().path()).ok());
    open.find(|path| path.starts_with("/tmp") && path.is_dir()).unwrap()
}

#[test]
fn what_a_run_had_for_its_tmp_is_gone_after_the_next_start_even_if_all_were_killed() {
    let Some(place) = place_without_namespaces() else { return };
    let endless = shell("mkdir -p a/b; while :; do :; done");
    let folders: Vec<_> = thread::scope(|scope| {
        let run = scope.spawn(|| place.run(&endless));
        let (mut folders, mut killed) = (Vec::new(), None);
        // As often as the job is tried.
        while !run.is_finished() {
            let keeper = place.keeper.process(place.slot).filter(|keeper| killed != Some(*keeper));
            let Some(keeper) = keeper else { continue };
            let process = Pid::from_raw(keeper.cast_signed());
            let [worker] = children(process)[..] else { continue };
            if !children(worker).is_empty() {
                folders.push(folder_of(worker));
                kill(process, Signal::SIGKILL).unwrap();
                killed = Some(keeper);
            }
        }
        assert!(matches!(run.join().unwrap(), Err(KeeperError::Lost(_))));
        folders
    });
    for folder in &folders {
        // Whoever was killed may take a moment to die.
        let _ = File::open(folder).and_then(|folder| folder.lock());
    }
    says_hello(&Place { keeper: Keeper::new(place.keeper.executable()), ..place });
    assert!(!folders.is_empty() && folders.iter().all(|folder| !folder.exists()), "{folders:?}");
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
