//! What a keeper promises those who ask it, in the strongest tier of this host.
#![allow(clippy::unwrap_used, reason = "all of it is a test")]

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::thread;

use jail::{Artefact, Confinement, Slot, Tier};
use keeper::{Keeper, KeeperError, Place, Weak, settle};
use observation::{Exit, HangKind, LeftoverKind, LimitKind, Observation, Request, Verdict};

/// Proved before anything runs; a host without walls has nothing to test.
static TIER: LazyLock<Option<Tier>> = LazyLock::new(|| {
    let settled = settle(&keeper(), Weak::Refused);
    settled.ok().map(|settled| settled.tier).filter(|tier| tier.has_namespaces())
});

fn keeper() -> Keeper {
    Keeper::new(env!("CARGO_BIN_EXE_keeper"))
}

fn place(slot: u16) -> Option<Place> {
    (*TIER).map(|tier| Place { keeper: keeper(), tier, slot: Slot(slot) })
}

fn shell(script: &str) -> Request {
    let mut request = Request::new("/bin/sh");
    request.args = vec!["-c".to_owned(), script.to_owned()];
    request
}

/// Runs a script in slot 20, if there is one.
fn seen(script: &str) -> Option<Observation> {
    Some(place(20)?.run(&shell(script)).unwrap())
}

#[test]
fn processes_are_known_by_the_numbers_that_the_program_sees() {
    let Some(seen) = seen("echo $$; sh -c 'echo $$' ; true") else { return };
    let said: Vec<i32> = seen.stdout.text.lines().map(|line| line.parse().unwrap()).collect();
    let known: Vec<i32> = seen.processes.iter().map(|process| process.pid).collect();
    assert_eq!(known, said);
    assert_eq!(known, [2, 3]);
    assert_eq!(seen.processes[1].parent, Some(seen.processes[0].id));
    assert!(seen.confinement.starts_with("tier "), "{}", seen.confinement);
}

#[test]
fn the_code_of_the_program_is_its_own() {
    let Some(seen) = seen("exit 7") else { return };
    assert_eq!((seen.verdict, seen.exit), (Verdict::Pass, Some(Exit::Code(7))));
}

#[test]
fn what_is_left_in_the_jail_is_named() {
    let Some(seen) = seen("echo x > /dev/shm/ring; mkfifo line") else { return };
    let left: Vec<_> = seen.leftovers.iter().map(|left| (left.kind, left.name.as_str())).collect();
    let expected =
        [(LeftoverKind::Fifo, "/tmp/line"), (LeftoverKind::SharedMemory, "/dev/shm/ring")];
    assert_eq!(left, expected);
    assert_eq!(seen.verdict, Verdict::Leak);
}

#[test]
fn what_one_run_leaves_is_gone_before_the_next() {
    let Some(_) = seen("echo x > /dev/shm/ring; echo x > file") else { return };
    let seen = seen("ls /dev/shm /tmp").unwrap();
    assert_eq!(seen.stdout.text, "/dev/shm:\n\n/tmp:\n");
}

#[test]
fn its_environment_is_what_was_asked_for() {
    let Some(place) = place(21) else { return };
    let mut request = Request::new("/usr/bin/env");
    request.environment.insert("A".to_owned(), "b".to_owned());
    assert_eq!(place.run(&request).unwrap().stdout.text, "A=b\n");
}

#[test]
fn its_input_arrives_and_ends() {
    let Some(place) = place(22) else { return };
    let mut request = shell("cat");
    request.stdin = b"to be read".to_vec();
    assert_eq!(place.run(&request).unwrap().stdout.text, "to be read");
}

#[test]
fn a_program_that_is_not_there_is_our_fault() {
    let Some(place) = place(23) else { return };
    let error = place.run(&Request::new("/no/such/program")).unwrap_err();
    assert!(matches!(error, KeeperError::Failed(_)));
    assert!(error.to_string().contains("cannot execute /no/such/program"), "{error}");
}

#[test]
fn artefacts_are_taken_out_and_stale_ones_are_not_there() {
    let Some(Place { keeper, tier, slot }) = place(24) else { return };
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("made");
    let run = |script: &str| {
        let mut confinement = Confinement::for_program(tier, slot, "/bin/sh".as_ref());
        confinement.artefacts =
            vec![Artefact { name: "made".to_owned(), to: to.clone(), size: 1 << 10 }];
        keeper.run(&shell(script), &confinement).unwrap()
    };
    assert_eq!(run("echo good > made").verdict, Verdict::Pass);
    assert_eq!(fs::read_to_string(&to).unwrap(), "good\n");
    for hostile in [
        "true",
        "ln -s /etc/passwd made",
        "ln /etc/alternatives/awk made || ln /proc/self/exe made || ln /usr/bin/env made",
        "mkdir made",
        "mkfifo made",
        "head -c 2000 /dev/zero > made",
        "truncate -s 1T made || head -c 2000 /dev/zero > made",
        "echo good > made; chmod 000 made /tmp; mv made other",
    ] {
        fs::write(&to, "stale").unwrap();
        run(hostile);
        assert!(!to.exists(), "{hostile}");
    }
}

#[test]
fn a_run_that_uses_too_much_memory_in_total_is_told_so() {
    let Some(Place { keeper, tier, slot }) = place(25) else { return };
    if jail::Controller::Memory.parent().is_none() {
        return;
    }
    let mut confinement = Confinement::for_program(tier, slot, "/bin/sh".as_ref());
    confinement.memory = Some(32 << 20);
    // Not the program itself, but one below it.
    let mut request = shell("head -c 48M /dev/zero > /dev/shm/a; echo over");
    request.limits.file_size = 1 << 30;
    let seen = keeper.run(&request, &confinement).unwrap();
    let kind = seen.hang.map(|hang| hang.kind);
    assert_eq!(kind, Some(HangKind::Limit(LimitKind::Memory)), "{}", seen.reason);
}

#[test]
fn a_program_that_somebody_elses_bound_ended_is_not_judged() {
    let Some(Place { tier, slot, .. }) = place(28) else { return };
    let Some(container) = Container::within(96 << 20) else {
        return eprintln!("not checked: no control group can be made here");
    };
    let keeper = container.keeper();
    let confinement = Confinement::for_program(tier, slot, "/bin/sh".as_ref());
    let run = |script| keeper.run(&shell(script), &confinement);
    assert_eq!(run("echo hello").unwrap().stdout.text, "hello\n");
    // Within its own bound of 1 GiB.
    let error = run("a=x; while :; do a=$a$a; done").unwrap_err().to_string();
    assert!(error.contains("for want of memory, though it kept within its own"), "{error}");
    assert_eq!(run("echo hello").unwrap().stdout.text, "hello\n");
}

#[test]
fn ten_gigabytes_of_output_take_a_keeper_no_more_memory_than_it_has() {
    let Some(Place { tier, slot, .. }) = place(27) else { return };
    // The keeper and the program in it.
    let Some(container) = Container::within(64 << 20) else {
        return eprintln!("not checked: no control group can be made here");
    };
    let keeper = container.keeper();
    for script in ["exec head -c 10000000000 /dev/zero", "exec head -c 10000000000 /dev/zero >&2"] {
        let request = shell(script);
        let confinement = Confinement::for_program(tier, slot, &request.program);
        let seen = keeper.run(&request, &confinement).unwrap();
        let kind = seen.hang.map(|hang| hang.kind);
        assert_eq!(kind, Some(HangKind::Limit(LimitKind::Output)), "{}", seen.reason);
        let kept = (seen.stdout.text.len() + seen.stderr.text.len()) as u64;
        // What is no text takes up to three bytes for one.
        assert!(kept <= 3 * request.limits.output, "{kept}");
    }
}

/// A control group as that of a container, above those that a keeper makes; gone when dropped.
struct Container(PathBuf);

impl Container {
    /// None where none can be made.
    fn within(bytes: u64) -> Option<Self> {
        let parent = jail::Controller::Memory.parent()?;
        let name = format!("interleave-test-{}-{}", std::process::id(), bytes >> 20);
        let container = Self(parent.join(name));
        fs::create_dir(&container.0).ok()?;
        let bounds = ["memory.max", "memory.limit_in_bytes"].map(|name| container.0.join(name));
        let bound = bounds.iter().find(|bound| bound.exists())?;
        fs::write(bound, bytes.to_string()).ok()?;
        // Where groups of version 2 have no more controllers to pass on, the keeper finds none.
        let _ = fs::write(container.0.join("cgroup.subtree_control"), "+memory +pids");
        Some(container)
    }

    /// A keeper that lives in it.
    fn keeper(&self) -> Keeper {
        let join = format!("echo $$ > {}/cgroup.procs && exec \"$@\"", self.0.display());
        let words = ["/bin/sh", "-c", &join, "join"].map(OsString::from);
        Keeper::through(words, env!("CARGO_BIN_EXE_keeper"))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // The keeper in it may take a moment to end; whatever is left is empty.
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn a_full_disk_is_the_programs_own_and_the_next_finds_it_empty() {
    let script = "cat /dev/zero > full; echo more > other || echo full; \
                  mkdir a 2>/dev/null && echo x > a/b 2>/dev/null || echo full; echo end";
    let Some(Place { keeper, tier, slot }) = place(26) else { return };
    let run = |script: &str| {
        let mut confinement = Confinement::for_program(tier, slot, "/bin/sh".as_ref());
        confinement.temporary = 1 << 20;
        let to = tempfile::tempdir().unwrap();
        let made = to.path().join("full");
        let artefact = Artefact { name: "full".to_owned(), to: made.clone(), size: 1 << 30 };
        confinement.artefacts = vec![artefact];
        let seen = keeper.run(&shell(script), &confinement).unwrap();
        (seen, fs::metadata(made).map_or(0, |made| made.len()))
    };
    let (seen, size) = run(script);
    assert_eq!(seen.verdict, Verdict::Pass, "{}", seen.reason);
    assert_eq!(seen.stdout.text, "full\nfull\nend\n", "{}", seen.stderr.text);
    assert!(seen.stderr.text.contains("No space left on device"), "{}", seen.stderr.text);
    assert!((1 << 19..=1 << 20).contains(&size), "{size}");
    assert_eq!(run("echo *; echo x > file && cat file").0.stdout.text, "*\nx\n");
}

#[test]
fn eight_slots_run_as_one_does_though_a_bomb_goes_off_in_one_of_them() {
    if TIER.is_none() {
        return;
    }
    let innocent = "for i in 1 2 3 4 5 6 7 8; do sh -c 'exit 3' & done; wait; echo done";
    let run = |slot: u16, script: &str| {
        let mut request = shell(script);
        request.limits.processes = 40;
        place(slot).unwrap().run(&request).unwrap()
    };
    // A shell whose fork fails ends; the first process must not, or the run ends with it.
    let bomb = "bomb() { bomb | bomb & }; (while :; do bomb; done) & exec sleep 100";
    let facts = |seen: Observation| (seen.verdict, seen.stdout.text, seen.processes.len());
    let alone = facts(run(0, innocent));
    assert_eq!(alone, (Verdict::Pass, "done\n".to_owned(), 9));
    thread::scope(|scope| {
        let bombed = scope.spawn(|| run(7, bomb));
        let others: Vec<_> =
            (0..7).map(|slot| scope.spawn(move || facts(run(slot, innocent)))).collect();
        for other in others {
            assert_eq!(other.join().unwrap(), alone);
        }
        let kind = bombed.join().unwrap().hang.map(|hang| hang.kind);
        assert_eq!(kind, Some(HangKind::Limit(LimitKind::Processes)));
    });
}

#[test]
fn two_graders_never_share_the_user_of_a_slot() {
    let (Some(first), Some(second)) = (place(40), place(40)) else { return };
    if first.tier != Tier::A {
        eprintln!("not checked: slots have users for root alone");
        return;
    }
    let user = |place: &Place| place.run(&shell("cat /proc/self/uid_map")).unwrap().stdout.text;
    let (one, other) = (user(&first), user(&second));
    assert_ne!(one, other);
    assert_eq!((user(&first), user(&second)), (one, other));
}
