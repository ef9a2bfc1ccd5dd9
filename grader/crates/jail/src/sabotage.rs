//! Takes down one wall at a time and expects a canary to fall.
//!
//! Everything happens in a pid namespace of its own, below an init. As root tiers B and D are
//! tried by a second process that is nobody in particular.

use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use nix::sched::CloneFlags;
use nix::sys::resource::getrlimit;
use nix::unistd::{getegid, geteuid};
use observation::Limits;
use tempfile::TempDir;

use crate::canary::{Breach, Scene, judge};
use crate::enclosure::{Enclosure, Users};
use crate::{Command, Confinement, LaunchError, Resource, Slot, Stdio, Step, Tier, enclose, walls};

/// Walls of a tier around the canaries, and what has to be there for them.
struct Yard {
    tier: Tier,
    /// Where the canaries are, apart from what is outside.
    folder: TempDir,
    _outside: TempDir,
    scene: Scene,
    _listener: UnixListener,
}

impl Yard {
    fn new(tier: Tier) -> Self {
        Self::below("/tmp", tier)
    }

    /// With the canaries somewhere below `place`.
    fn below(place: &str, tier: Tier) -> Self {
        let open = |mode| Permissions::from_mode(mode);
        let folder =
            |place| tempfile::Builder::new().permissions(open(0o755)).tempdir_in(place).unwrap();
        let (folder, outside_folder) = (folder(place), folder("/tmp"));
        fs::set_permissions(outside_folder.path(), open(0o777)).unwrap();
        let outside = outside_folder.path().join("outside");
        fs::write(&outside, "secret").unwrap();
        fs::set_permissions(&outside, open(0o666)).unwrap();
        let socket = format!("interleave-{}", outside.display());
        let address = SocketAddr::from_abstract_name(&socket).unwrap();
        let listener = UnixListener::bind_addr(&address).unwrap();
        copy_program(&canary(), &folder.path().join("canary"));
        let scene = Scene {
            tier,
            outside,
            process: std::process::id().cast_signed(),
            socket,
            file_size: Limits::default().file_size,
            temporary: 64 << 20,
            namespaces: crate::canary::namespaces(),
        };
        Self { tier, folder, _outside: outside_folder, scene, _listener: listener }
    }

    /// The walls as they are meant to be, and the command that starts the canaries behind them.
    fn walls(&self) -> (Enclosure, Command) {
        let program = self.folder.path().join("canary");
        let confinement = Confinement::for_program(self.tier, Slot(9), &program);
        let scratch = self.folder.path().join("scratch");
        if !self.tier.has_namespaces() && !scratch.exists() {
            fs::create_dir(&scratch).unwrap();
            if self.tier == Tier::C {
                let user = confinement.slot.user();
                nix::unistd::chown(&scratch, Some(user.into()), Some(user.into())).unwrap();
            }
        }
        let scratch = (!self.tier.has_namespaces()).then_some(scratch);
        let limits = Limits::default();
        let mut enclosure = walls(&confinement, &limits, None, scratch.as_deref(), vec![]).unwrap();
        if !self.tier.has_namespaces() {
            // It is there for us, so that nothing survives, and not what is tried.
            enclosure.namespaces |= CloneFlags::CLONE_NEWPID;
        }
        if self.tier == Tier::D {
            let (user, group) = (geteuid().as_raw(), getegid().as_raw());
            let (users, groups) = (vec![(user, user)], vec![(group, group)]);
            enclosure.namespaces |= CloneFlags::CLONE_NEWUSER;
            enclosure.users = Some(Users { users, groups, may_set_groups: false });
        }
        let directory = scratch.as_ref().map(|path| ("TMPDIR", path.to_str().unwrap()));
        (enclosure, Command::new(&program, [], directory).unwrap())
    }

    /// What the canaries have to say about walls that `weaken` has been at, or why they
    /// cannot even be put up.
    fn try_without(&self, weaken: impl FnOnce(&mut Enclosure)) -> Result<Vec<Breach>, LaunchError> {
        let (mut enclosure, command) = self.walls();
        weaken(&mut enclosure);
        assert!(enclosure.has_init(), "something could survive");
        let report = run(command, &self.scene, enclosure)?;
        Ok(judge(self.tier, &report).err().unwrap_or_default())
    }
}

/// What the canaries have to say about walls that `weaken` has been at; none if this
/// host does not let us build any.
fn breaches(tier: Tier, weaken: impl FnOnce(&mut Enclosure)) -> Option<Vec<Breach>> {
    geteuid().is_root().then(|| Yard::new(tier).try_without(weaken).unwrap())
}

fn run(command: Command, scene: &Scene, enclosure: Enclosure) -> Result<String, LaunchError> {
    let (input, mut feed) = std::io::pipe().unwrap();
    let (mut output, theirs) = std::io::pipe().unwrap();
    let error = File::options().write(true).open("/dev/null").unwrap();
    let stdio = Stdio { input: input.into(), output: theirs.into(), error: error.into() };
    let (suspended, mut behind) = enclose(command, &stdio, enclosure)?;
    drop(stdio);
    // Should the program never start, nobody reads it.
    let _ = feed.write_all(&serde_json::to_vec(scene).unwrap());
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

/// Takes down every wall of `tier` that there is, one at a time.
#[track_caller]
fn no_wall_is_missed(tier: Tier) {
    let yard = Yard::new(tier);
    match yard.try_without(|_| {}) {
        Ok(breaches) => assert_eq!(breaches, [], "tier {tier}"),
        Err(error) => return eprintln!("not checked, tier {tier} is not to be had: {error}"),
    }
    let (intact, _) = yard.walls();
    let (setup, steps) = (intact.setup.len(), intact.steps.len());
    let mut missed = Vec::new();
    let mut expect = |what: String, tried: Result<Vec<Breach>, LaunchError>| {
        if tried.is_ok_and(|breaches| breaches.is_empty()) {
            missed.push(what);
        }
    };
    for flag in intact.namespaces.iter() {
        // Whether there is an init is told by the one, and in the lower tiers both are ours.
        if flag != CloneFlags::CLONE_NEWPID && tier.has_namespaces() {
            let tried = yard.try_without(|walls| walls.namespaces.remove(flag));
            expect(format!("{flag:?}"), tried);
        }
    }
    for index in (0..setup).filter(|index| is_wall(tier, &intact.setup[*index])) {
        let tried = yard.try_without(|walls| drop(walls.setup.remove(index)));
        expect(intact.setup[index].describe(), tried);
    }
    for index in (0..steps).filter(|index| is_wall(tier, &intact.steps[*index])) {
        let tried = yard.try_without(|walls| drop(walls.steps.remove(index)));
        expect(intact.steps[index].describe(), tried);
    }
    assert_eq!(missed, [] as [String; 0], "in tier {tier} nobody notices that these are missing");
}

/// Whether a step takes something away that nothing else takes away.
fn is_wall(tier: Tier, step: &Step) -> bool {
    match step {
        // They grant something.
        Step::Permit { .. }
        | Step::Show { .. }
        | Step::MakeDirectory(_)
        | Step::MakeFile(_)
        | Step::MakeLink { .. } => false,
        // They undo what nobody did to this process.
        Step::ScheduleAsUsual | Step::UsualPersonality => false,
        // Mounts do not leave a user namespace anyway.
        Step::PrivateMounts => false,
        // The second wall around files; the first is the root of its own.
        Step::Landlock(_) => !tier.has_namespaces(),
        // Becoming another user took them all, or executing a program as somebody who is not root.
        Step::NoCapabilities => false,
        Step::NoBoundingSet => tier != Tier::D,
        Step::Limit(resource, value) => !is_bounded_anyway(*resource, *value),
        Step::NewSession
        | Step::DieWithParent
        | Step::NoNewPrivileges
        | Step::Directory(_)
        | Step::Join(_)
        | Step::Mount { .. }
        | Step::Root(_)
        | Step::HostName(_)
        | Step::User(_)
        | Step::Filter(_) => true,
    }
}

/// Whether this process, and so what it starts, has no more of it than that.
fn is_bounded_anyway(resource: Resource, value: u64) -> bool {
    let noticed = match resource {
        Resource::OpenFiles | Resource::Processes => 1 << 16,
        Resource::AddressSpace | Resource::Data => 1 << 46,
        Resource::Cpu => 1 << 20,
        _ => value,
    };
    getrlimit(resource.kind()).is_ok_and(|(_, hard)| hard <= noticed)
}

/// Copies a program by another process: what a fork of another test's holds open for writing
/// cannot be executed.
fn copy_program(from: &Path, to: &Path) {
    let copied = std::process::Command::new("cp").arg(from).arg(to).status().unwrap();
    assert!(copied.success(), "cannot copy {}", from.display());
}

/// Runs the test `name` as nobody in particular, or says to go on as whoever this is.
fn as_nobody(name: &str) -> bool {
    const NOBODY: u32 = 65_534;
    if !geteuid().is_root() {
        return true;
    }
    let open = Permissions::from_mode(0o755);
    let folder = tempfile::Builder::new().permissions(open).tempdir_in("/tmp").unwrap();
    for (from, to) in
        [(std::env::current_exe().unwrap(), "deps/tests"), (canary(), "examples/canary")]
    {
        let to = folder.path().join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        copy_program(&from, &to);
    }
    let mut again = std::process::Command::new(folder.path().join("deps/tests"));
    let again = again.args(["--exact", name]).current_dir("/").uid(NOBODY).gid(NOBODY);
    let said = again.output().unwrap();
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success() && text.contains("1 passed"), "{text}");
    false
}

#[test]
fn in_tier_a_no_wall_is_missed() {
    if geteuid().is_root() {
        no_wall_is_missed(Tier::A);
    }
}

#[test]
fn in_tier_b_no_wall_is_missed() {
    if as_nobody("sabotage::in_tier_b_no_wall_is_missed") {
        no_wall_is_missed(Tier::B);
    }
}

#[test]
fn in_tier_c_no_wall_is_missed() {
    if geteuid().is_root() {
        no_wall_is_missed(Tier::C);
    }
}

#[test]
fn in_tier_d_no_wall_is_missed() {
    if as_nobody("sabotage::in_tier_d_no_wall_is_missed") {
        no_wall_is_missed(Tier::D);
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
fn the_way_to_a_grader_below_var_is_no_breach() {
    if geteuid().is_root() {
        let breaches = Yard::below("/var/tmp", Tier::A).try_without(|_| {}).unwrap();
        assert_eq!(breaches, []);
    }
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
