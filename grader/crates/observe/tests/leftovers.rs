//! Objects that outlive a run are found, and only those of the run.

use std::process::Command;

use observation::{LeftoverKind, Observation, Verdict};

use support::request;

mod support;

fn named(specimen: &str, name: &str) -> Observation {
    let mut request = request(specimen);
    request.args.push(name.to_owned());
    observe::observe(&request).expect("a specimen can be observed")
}

#[test]
fn shared_memory_left_behind_is_a_leak() {
    let name = format!("left-{}", std::process::id());
    let seen = named("leaves-shared-memory", &name);
    std::fs::remove_file(format!("/dev/shm/{name}")).unwrap();
    assert_eq!(seen.verdict, Verdict::Leak);
    assert_eq!(seen.leftovers[0].kind, LeftoverKind::SharedMemory);
    assert_eq!(seen.reason, format!("it left behind /dev/shm/{name}"));
}

#[test]
fn shared_memory_that_was_removed_is_none() {
    let seen = named("removes-shared-memory", &format!("gone-{}", std::process::id()));
    assert_eq!((seen.verdict, seen.leftovers), (Verdict::Pass, vec![]));
}

#[test]
fn a_named_semaphore_left_behind_is_a_leak() {
    let name = format!("semaphore-{}", std::process::id());
    let seen = named("leaves-semaphore", &name);
    std::fs::remove_file(format!("/dev/shm/sem.{name}")).unwrap();
    assert_eq!(seen.leftovers[0].kind, LeftoverKind::Semaphore);
    assert_eq!(seen.leftovers.len(), 1);
}

#[test]
fn system_v_memory_left_behind_is_a_leak() {
    let seen = named("leaves-system-v", "");
    let id = seen.stdout.text.trim();
    assert!(Command::new("ipcrm").args(["-m", id]).status().unwrap().success());
    assert_eq!(seen.leftovers[0].name, format!("System V shared memory {id}"));
}

#[test]
fn a_fifo_left_in_the_directory_of_the_run_is_a_leak() {
    let directory = tempfile::tempdir().unwrap();
    let mut request = request("leaves-fifo");
    request.directory = Some(directory.path().to_owned());
    let seen = observe::observe(&request).unwrap();
    assert_eq!(seen.leftovers[0].kind, LeftoverKind::Fifo);
    assert!(seen.leftovers[0].name.ends_with("/left"));
}

#[test]
fn what_others_make_meanwhile_is_not_blamed_on_the_run() {
    let name = format!("/dev/shm/other-{}", std::process::id());
    let others = std::thread::spawn({
        let name = name.clone();
        move || {
            for _ in 0..200 {
                std::fs::write(&name, "").unwrap();
                std::fs::remove_file(&name).unwrap();
            }
            std::fs::write(&name, "").unwrap();
        }
    });
    let seen: Vec<_> = (0..10).map(|_| named("fork-twice", "")).collect();
    others.join().unwrap();
    std::fs::remove_file(&name).unwrap();
    assert!(seen.iter().all(|seen| seen.verdict == Verdict::Pass && seen.leftovers.is_empty()));
}
