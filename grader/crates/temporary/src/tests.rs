use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::thread;

use super::*;

/// A folder as somebody left it who was killed.
fn left(place: &Path, chance: &str) -> PathBuf {
    let folder = place.join(format!("{PREFIX}{chance}"));
    fs::create_dir_all(folder.join("inner")).unwrap();
    fs::write(folder.join("inner/file"), "").unwrap();
    folder
}

#[test]
fn a_folder_goes_with_its_maker_and_has_its_permissions_whatever_the_umask() {
    let place = tempfile::tempdir().unwrap();
    let made = Temporary::new_in(place.path(), 0o777).unwrap();
    assert_eq!(made.path().metadata().unwrap().mode() & 0o7777, 0o777);
    fs::write(made.path().join("file"), "").unwrap();
    drop(made);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn whoever_makes_the_next_folder_removes_those_of_the_dead_and_no_others() {
    let place = tempfile::tempdir().unwrap();
    let other_place = tempfile::tempdir().unwrap();
    let dead = left(place.path(), "aB3dE6");
    let kept =
        ["interleave-work-", "interleave-slots", "interleave-work-master1", "grading-aB3dE6"];
    kept.iter().for_each(|name| fs::create_dir(place.path().join(name)).unwrap());
    let target = left(other_place.path(), "target");
    symlink(&target, place.path().join("interleave-work-linked")).unwrap();
    symlink(target.join("inner"), dead.join("inner/link")).unwrap();
    fs::write(place.path().join("interleave-work-afile0"), "").unwrap();

    let made = Temporary::new_in(place.path(), 0o700).unwrap();
    assert!(!dead.exists());
    assert!(kept.iter().all(|name| place.path().join(name).exists()));
    assert!(place.path().join("interleave-work-linked").is_symlink());
    assert!(place.path().join("interleave-work-afile0").exists());
    assert!(target.join("inner/file").exists());

    sweep_now(place.path());
    assert!(made.path().exists());
}

#[test]
fn a_folder_of_another_user_stays() {
    if !geteuid().is_root() {
        return eprintln!("not checked: only root can make another's folder");
    }
    let place = tempfile::tempdir().unwrap();
    let theirs = left(place.path(), "theirs");
    nix::unistd::chown(&theirs, Some(65_534.into()), None).unwrap();
    sweep_now(place.path());
    assert!(theirs.join("inner/file").exists());
}

#[test]
fn what_a_maker_started_keeps_its_folder_if_it_was_handed_down() {
    let place = tempfile::tempdir().unwrap();
    for is_handed_down in [true, false] {
        let made = Temporary::new_in(place.path(), 0o700).unwrap();
        if is_handed_down {
            made.hand_down().unwrap();
        }
        let mut child = Command::new("cat");
        let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        // It is there, and so has closed what it was not to have.
        child.stdin.as_mut().unwrap().write_all(b"x").unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        let Temporary { folder, lock } = made;
        // As if it were killed: the lock is let go of, the folder stays.
        let folder = folder.keep();
        drop(lock);
        sweep_now(place.path());
        assert_eq!(folder.exists(), is_handed_down);
        drop(child.stdin.take());
        child.wait().unwrap();
        sweep_now(place.path());
        assert!(!folder.exists());
    }
}

#[test]
fn nobody_loses_a_new_folder_to_one_who_sweeps() {
    let place = tempfile::tempdir().unwrap();
    thread::scope(|scope| {
        let makers = [(); 2].map(|()| {
            scope.spawn(|| {
                for _ in 0..200 {
                    let made = Temporary::new_in(place.path(), 0o700).unwrap();
                    fs::write(made.path().join("file"), "").unwrap();
                }
            })
        });
        while !makers.iter().all(thread::ScopedJoinHandle::is_finished) {
            sweep_now(place.path());
        }
    });
}
