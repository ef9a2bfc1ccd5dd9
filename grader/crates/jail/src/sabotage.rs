//! Takes down one wall at a time and expects a canary to fall.
//!
//! In tiers A and C, as root; for others nothing is tried. Everything happens in a pid
//! namespace of its own, below an init.

use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::PathBuf;

use nix::sched::CloneFlags;
use nix::unistd::geteuid;
use observation::Limits;

use crate::canary::{Breach, Scene, judge};
use crate::enclosure::Enclosure;
use crate::{Command, Confinement, Slot, Stdio, Step, Tier, enclose, walls};

/// What the canaries have to say about walls that `weaken` has been at; none if this
/// host does not let us build any.
fn breaches(tier: Tier, weaken: impl FnOnce(&mut Enclosure)) -> Option<Vec<Breach>> {
    if !geteuid().is_root() {
        return None;
    }
    let open = |mode| Permissions::from_mode(mode);
    let folder = tempfile::Builder::new().permissions(open(0o755)).tempdir_in("/tmp").unwrap();
    let outside = folder.path().join("outside");
    fs::write(&outside, "secret").unwrap();
    fs::set_permissions(&outside, open(0o666)).unwrap();
    let socket = format!("interleave-{}", outside.display());
    let address = SocketAddr::from_abstract_name(&socket).unwrap();
    let _listener = UnixListener::bind_addr(&address).unwrap();
    let program = folder.path().join("canary");
    fs::copy(canary(), &program).unwrap();
    let confinement = Confinement::for_program(tier, Slot(9), &program);
    let scratch = folder.path().join("scratch");
    fs::create_dir(&scratch).unwrap();
    let (user, group) = (confinement.slot.user().into(), confinement.slot.user().into());
    nix::unistd::chown(&scratch, Some(user), Some(group)).unwrap();
    let scratch = (!tier.has_namespaces()).then_some(scratch);
    let limits = Limits::default();
    let scene = Scene {
        tier,
        outside,
        process: std::process::id().cast_signed(),
        socket,
        file_size: limits.file_size,
        temporary: confinement.temporary,
    };
    let mut enclosure = walls(&confinement, &limits, None, scratch.as_deref(), vec![]).unwrap();
    // In the tier that has none it is there for us, and not what is tried.
    enclosure.namespaces |= CloneFlags::CLONE_NEWPID;
    weaken(&mut enclosure);
    let directory = scratch.as_ref().map(|path| ("TMPDIR", path.to_str().unwrap()));
    let command = Command::new(&program, [], directory).unwrap();
    let report = run(command, &scene, enclosure).unwrap();
    Some(judge(tier, &report).err().unwrap_or_default())
}

fn run(
    command: Command,
    scene: &Scene,
    enclosure: Enclosure,
) -> Result<String, crate::LaunchError> {
    let (input, mut feed) = std::io::pipe().unwrap();
    let (mut output, theirs) = std::io::pipe().unwrap();
    let error = File::options().write(true).open("/dev/null").unwrap();
    let stdio = Stdio { input: input.into(), output: theirs.into(), error: error.into() };
    let (suspended, mut behind) = enclose(command, &stdio, enclosure)?;
    drop(stdio);
    feed.write_all(&serde_json::to_vec(scene).unwrap()).unwrap();
    drop(feed);
    suspended.resume()?;
    behind.settle().expect("init tells");
    drop(behind);
    let mut report = String::new();
    output.read_to_string(&mut report).unwrap();
    Ok(report)
}

/// The program of `examples/canary.rs`.
fn canary() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.ancestors().nth(2).unwrap().join("examples/canary")
}

fn names(breaches: &[Breach]) -> Vec<&str> {
    breaches.iter().map(|breach| breach.name.as_str()).collect()
}

#[track_caller]
fn falls(canary: &str, weaken: impl FnOnce(&mut Enclosure)) {
    falls_in(Tier::A, canary, weaken);
}

#[track_caller]
fn falls_in(tier: Tier, canary: &str, weaken: impl FnOnce(&mut Enclosure)) {
    if let Some(breaches) = breaches(tier, weaken) {
        assert!(names(&breaches).contains(&canary), "{breaches:?}");
    }
}

fn without(unwanted: fn(&Step) -> bool) -> impl FnOnce(&mut Enclosure) {
    move |enclosure| {
        let before = enclosure.steps.len() + enclosure.setup.len();
        enclosure.steps.retain(|step| !unwanted(step));
        enclosure.setup.retain(|step| !unwanted(step));
        assert!(enclosure.steps.len() + enclosure.setup.len() < before, "nothing was taken away");
    }
}

#[test]
fn with_all_walls_up_every_canary_lives() {
    for tier in [Tier::A, Tier::C] {
        if let Some(breaches) = breaches(tier, |_| {}) {
            assert_eq!(breaches, [], "tier {tier}");
        }
    }
}

#[test]
fn in_tier_c_without_landlock_everything_outside_is_near() {
    for canary in [
        "a file outside cannot be read",
        "a file outside cannot be written",
        "an abstract socket outside cannot be reached",
    ] {
        falls_in(Tier::C, canary, without(|step| matches!(step, Step::Landlock(_))));
    }
}

#[test]
fn in_tier_c_without_a_change_of_user_it_is_root() {
    let change = |step: &Step| matches!(step, Step::User(_));
    falls_in(Tier::C, "it is not root", without(change));
}

#[test]
fn without_the_filter_the_kernel_answers() {
    let filters = |step: &Step| matches!(step, Step::Filter(_));
    for canary in
        ["it filters system calls", "bpf is refused", "calls of 32-bit programs end the program"]
    {
        falls(canary, without(filters));
    }
}

#[test]
fn without_the_filter_children_can_be_hidden_from_the_observer() {
    let filter = |step: &Step| matches!(step, Step::Filter(_));
    falls("clone hides no children from the observer", without(filter));
}

#[test]
fn without_a_change_of_user_it_is_root() {
    falls("it is not root", without(|step| matches!(step, Step::User(_))));
}

#[test]
fn without_no_new_privileges_it_can_gain_some() {
    falls("it can gain no privileges", |enclosure| {
        // Without it neither Landlock nor filters can be had once the user has changed.
        without(|step| matches!(step, Step::NoNewPrivileges | Step::Landlock(_) | Step::Filter(_)))(
            enclosure,
        );
    });
}

#[test]
fn without_a_network_namespace_sockets_of_the_host_are_near() {
    falls("an abstract socket outside cannot be reached", |enclosure| {
        enclosure.namespaces.remove(CloneFlags::CLONE_NEWNET);
        without(|step| matches!(step, Step::Landlock(_) | Step::Filter(_)))(enclosure);
    });
}

#[test]
fn without_a_root_of_its_own_the_host_is_visible() {
    falls("its root is empty but for what it may see", |enclosure| {
        enclosure.setup.clear();
        without(|step| matches!(step, Step::Landlock(_)))(enclosure);
    });
}

#[test]
fn without_bounds_there_are_none() {
    falls("its files are bounded", without(|step| matches!(step, Step::Limit(..))));
}

#[test]
fn a_program_that_reports_nothing_is_not_believed() {
    let breaches = judge(Tier::A, "").unwrap_err();
    assert!(breaches.iter().all(|breach| breach.reason == "was never reported"));
}
