//! Where renaming the dependency to `std` works, edition by edition, and where it does not.
//!
//! Each case is a crate of its own, built and run by cargo.

#![expect(clippy::unwrap_used, reason = "a test that cannot set the stage stops")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const LIBRARY: &str = r#"
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

thread_local!(static MINE: Cell<usize> = Cell::new(0));
static CALLS: AtomicUsize = AtomicUsize::new(0);

pub fn bump(counter: &Mutex<usize>) {
    let seen = *counter.lock().unwrap();
    *counter.lock().unwrap() = seen + 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn race() {
        let counter = Arc::new(Mutex::new(0));
        let other = counter.clone();
        let thread = thread::spawn(move || bump(&other));
        bump(&counter);
        thread.join().unwrap();
        assert_eq!(*counter.lock().unwrap(), 2);
    }

    #[test]
    fn scoped_threads_statics_and_thread_locals() {
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    MINE.with(|mine| mine.set(mine.get() + 1));
                    CALLS.fetch_add(MINE.with(|mine| mine.get()), Ordering::SeqCst);
                    println!("called");
                });
            }
        });
        assert_eq!(CALLS.load(Ordering::SeqCst), 2);
    }
}
"#;

/// An integration test sees the look-alike, the library under it the real std.
const INTEGRATION: &str = r#"
#[test]
fn hands_its_own_mutex_to_the_library() {
    way::bump(&std::sync::Mutex::new(0));
}
"#;

/// One folder with a crate per edition, built together.
fn workspace() -> &'static Path {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ways");
        let _ = std::fs::remove_dir_all(place.join("crates"));
        let write = |name: &str, text: &str| {
            let path = place.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("Cargo.toml", "[workspace]\nresolver = \"2\"\nmembers = [\"crates/*\"]\n[profile.dev.package.\"*\"]\nopt-level = 2\n");
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        std::fs::copy(lock, place.join("Cargo.lock")).unwrap();
        for edition in ["2015", "2018", "2021", "2024"] {
            let look_alike = env!("CARGO_MANIFEST_DIR");
            let manifest = format!(
                "[package]\nname = \"way{edition}\"\nedition = \"{edition}\"\n[lib]\nname = \"way\"\n\
                 [dev-dependencies]\nstd = {{ package = \"interleave\", path = {look_alike:?} }}\n"
            );
            write(&format!("crates/{edition}/Cargo.toml"), &manifest);
            write(&format!("crates/{edition}/src/lib.rs"), LIBRARY);
        }
        write("crates/2021/tests/integration.rs", INTEGRATION);
        place
    })
}

fn cargo_test(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .arg("test")
        .args(arguments)
        .current_dir(workspace())
        .env("CARGO_TARGET_DIR", workspace().join("target"))
        .env_remove("INTERLEAVE_FINDING_FILE_DIR")
        .output()
        .unwrap();
    [output.stdout, output.stderr]
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .concat()
}

#[track_caller]
fn assert_unit_tests_are_explored(edition: &str) {
    let said = cargo_test(&["--lib", "-p", &format!("way{edition}")]);
    assert!(said.contains("race: main panicked at lib.rs"), "{said}");
    assert!(said.contains("thread_locals ... ok"), "{said}");
}

#[test]
fn unit_tests_of_edition_2018_are_explored() {
    assert_unit_tests_are_explored("2018");
}

#[test]
fn unit_tests_of_edition_2021_are_explored() {
    assert_unit_tests_are_explored("2021");
}

#[test]
fn unit_tests_of_edition_2024_are_explored() {
    assert_unit_tests_are_explored("2024");
}

#[test]
fn unit_tests_of_edition_2015_are_explored() {
    assert_unit_tests_are_explored("2015");
}

#[test]
fn an_integration_test_cannot_hand_its_locks_to_the_library() {
    let said = cargo_test(&["--test", "integration", "-p", "way2021"]);
    assert!(said.contains("mismatched types"), "{said}");
}
