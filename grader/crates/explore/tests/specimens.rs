//! Whole explorations of small files: what is found, how it is told, and that it comes back.

#![expect(clippy::unwrap_used, reason = "a test that cannot set the stage stops")]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use explore::{Effort, ExploreError, Finding, Model, Witness, WitnessError, explore, html, replay};
use observation::Verdict;

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap())
}

fn specimen(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specimens").join(format!("{name}.rs"))
}

fn try_explore(name: &str) -> Result<Vec<Finding>, ExploreError> {
    let effort = Effort { schedules: Some(500), ..Effort::default() };
    explore(model(), &specimen(name), "2024", effort)
}

/// The only finding about the specimen.
fn finding(name: &str) -> Finding {
    let mut findings = try_explore(name).unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings.remove(0)
}

#[track_caller]
fn assert_found(name: &str, verdict: Verdict, message: &str) -> Finding {
    let finding = finding(name);
    assert_eq!(finding.verdict, verdict, "{finding:?}");
    assert!(finding.message.contains(message), "{}", finding.message);
    finding
}

#[test]
fn a_loop_without_synchronisation_is_a_livelock() {
    assert_found("endless_loop", Verdict::Livelock, "thread-1 computed for 4 s");
}

#[test]
fn a_recursion_without_an_end_is_a_crash_of_its_thread() {
    assert_found("endless_recursion", Verdict::Crash, "digger was ended by signal 11");
}

#[test]
fn a_panic_while_unwinding_is_told_with_the_panic_before() {
    let finding = assert_found("panic_while_unwinding", Verdict::Crash, "main aborted the process");
    assert!(finding.notes.iter().any(|note| note.contains("first")), "{:?}", finding.notes);
}

#[test]
fn a_flood_of_output_is_over_the_limit() {
    assert_found("output_flood", Verdict::Limit, "printed more than 1 MiB");
}

#[test]
fn a_hoard_of_memory_is_over_the_limit() {
    assert_found("memory", Verdict::Limit, "uses more than 3 GiB of memory");
}

#[test]
fn a_test_too_large_to_explore_is_not_called_a_livelock() {
    assert_found("too_large", Verdict::Limit, "too large to explore");
}

#[test]
fn a_thread_that_is_never_joined_is_noted_and_no_failure() {
    let finding = assert_found("never_joined", Verdict::Pass, "no schedule fails");
    assert!(finding.notes.iter().any(|note| note.contains("nobody waited")), "{:?}", finding.notes);
}

#[test]
fn ending_the_process_does_not_pass_for_success() {
    assert_found("ends_the_process", Verdict::Forbidden, "std::process::exit(0)");
}

#[test]
fn an_escape_from_the_model_is_noted_with_its_line() {
    let finding = assert_found("escapes", Verdict::Pass, "");
    assert!(
        finding.notes.iter().any(|note| note.starts_with("escapes.rs:1: `std::fs`")),
        "{:?}",
        finding.notes
    );
}

#[test]
fn atomics_of_core_are_explored() {
    let finding = assert_found("core_atomics", Verdict::Race, "assertion");
    assert!(finding.interleaving.contains("loads AtomicU8 A: 0"), "{}", finding.interleaving);
}

#[test]
fn a_static_mut_starts_anew_in_each_schedule() {
    assert_found("static_mut", Verdict::Pass, "no schedule fails");
}

#[test]
fn too_much_locking_is_serialised() {
    let finding = assert_found("overlocked", Verdict::Serialised, "two are inside at once");
    assert!(finding.exhaustive);
}

#[test]
fn a_file_without_tests_says_what_is_missing() {
    let error = try_explore("no_tests").unwrap_err();
    assert!(matches!(error, ExploreError::NoTests(_)), "{error}");
    assert!(error.to_string().contains("there is no #[test]"), "{error}");
}

#[test]
fn a_file_that_does_not_compile_gets_the_compilers_words() {
    let error = try_explore("does_not_compile").unwrap_err().to_string();
    assert!(error.contains("no method named `lok`"), "{error}");
    assert!(error.contains("does_not_compile.rs:6"), "{error}");
}

#[test]
fn a_race_is_found_written_down_and_found_again() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("race.rs");
    std::fs::copy(specimen("race"), &target).unwrap();
    let findings = explore(model(), &target, "2024", Effort::default()).unwrap();
    let found = &findings[0];
    assert_eq!((findings.len(), found.verdict), (1, Verdict::Race), "{findings:?}");
    assert!(found.interleaving.contains("locks Mutex A"), "{}", found.interleaving);
    assert_eq!(found.output, "counted\n");

    let witness = Witness::new(&target, "2024", found.clone()).unwrap();
    let path = witness.write(place.path()).unwrap();
    let again = replay(model(), &Witness::read(&path).unwrap()).unwrap();
    assert!(again.is_like(found), "{again:?}");
    assert!(html(&again).contains("locks Mutex A"));

    std::fs::write(&target, "// changed\n").unwrap();
    let error = Witness::read(&path).unwrap_err();
    assert!(matches!(error, WitnessError::OtherVersion { .. }), "{error}");
}

#[test]
fn the_same_settings_give_the_same_report() {
    let [first, second] =
        [finding("race"), finding("race")].map(|f| serde_json::to_string(&f).unwrap());
    assert_eq!(first, second);
}

#[test]
fn a_crate_with_a_dependency_and_integration_tests_is_explored_whole() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = place.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("helper/Cargo.toml", "[package]\nname = \"helper\"\nedition = \"2021\"\n");
    write("helper/src/lib.rs", "pub fn one() -> u32 { 1 }\n");
    write(
        "it/Cargo.toml",
        "[package]\nname = \"it\"\nedition = \"2021\"\n[dependencies]\nhelper = { path = \"../helper\" }\n",
    );
    write(
        "it/src/lib.rs",
        "use std::sync::atomic::{AtomicU32, Ordering::SeqCst};\n\
         pub fn bump(a: &AtomicU32) { a.store(a.load(SeqCst) + helper::one(), SeqCst); }\n\
         #[test]\nfn counts() { assert_eq!(helper::one(), 2); }\n",
    );
    write(
        "it/tests/it.rs",
        "use std::sync::atomic::{AtomicU32, Ordering::SeqCst};\n#[test]\nfn counts() {\n    \
         let a = AtomicU32::new(0);\n    \
         std::thread::scope(|s| { s.spawn(|| it::bump(&a)); s.spawn(|| it::bump(&a)); });\n    \
         assert_eq!(a.load(SeqCst), 2);\n}\n",
    );
    write("it/build.rs", "fn main() { assert!(std::thread::spawn(|| 1).join().is_ok()); }\n");
    let target = place.path().join("it");
    let findings = explore(model(), &target, "2024", Effort::default()).unwrap();
    let seen: Vec<_> = findings
        .iter()
        .map(|found| (found.name.as_str(), found.file.as_deref().unwrap(), found.verdict))
        .collect();
    let (unit, integration) = (Path::new("src/lib.rs"), Path::new("tests/it.rs"));
    let expected = [("counts", unit, Verdict::WrongOutput), ("counts", integration, Verdict::Race)];
    assert_eq!(seen, expected);
    for found in &findings {
        let witness = Witness::new(&target, "2024", found.clone()).unwrap();
        let path = witness.write(place.path()).unwrap();
        let again = replay(model(), &Witness::read(&path).unwrap()).unwrap();
        assert!(again.is_like(found), "{again:?}");
    }
    assert!(place.path().join("src-lib.counts.witness.json").is_file());
    assert!(place.path().join("tests-it.counts.witness.json").is_file());
    assert!(!place.path().join("it/target").exists(), "products lie elsewhere");
}
