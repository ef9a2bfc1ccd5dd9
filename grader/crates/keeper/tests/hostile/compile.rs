//! Sources that mean harm to the compiler, or to what lies around it.
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use jail::{Artefact, Confinement, Slot, Tier};
use observation::{Exit, HangKind, Limits, Observation, Request};
use tempfile::TempDir;

use crate::stage::{STAGE, Stage, corpus};
use crate::{SECRET, neighbour};

#[test]
fn in_tier_a_nothing_leaves_or_stops_the_compiler() {
    all_are_compiled_without_harm(Tier::A);
}

#[test]
fn in_tier_b_nothing_leaves_or_stops_the_compiler() {
    all_are_compiled_without_harm(Tier::B);
}

#[test]
fn in_tier_c_nothing_leaves_or_stops_the_compiler() {
    all_are_compiled_without_harm(Tier::C);
}

#[test]
fn in_tier_d_nothing_leaves_or_stops_the_compiler() {
    all_are_compiled_without_harm(Tier::D);
}

/// Where a submission's file is, and where what is made of it goes.
struct Desk {
    folder: TempDir,
    secret: PathBuf,
    tier: Tier,
}

fn all_are_compiled_without_harm(tier: Tier) {
    let stage = &*STAGE;
    if !stage.can_provide(tier) {
        return;
    }
    let desk = Desk::new(tier);
    let innocent = "fn main() { println!(\"{}\", (1..=10).sum::<u32>()); }";
    let alone = (desk.fares(stage, innocent), neighbour(stage, tier, SLOT));
    assert_eq!(alone.0.0, "compiles");
    let mut wrong = Vec::new();
    for (index, path) in corpus("compile").into_iter().enumerate() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let source = fs::read_to_string(&path).unwrap();
        if is_elsewhere(&source, index, tier) {
            continue;
        }
        let mut complain = |what: String| wrong.push(format!("{name}: {what}"));
        let expected = expected(&source, tier);
        let bound = if matches!(&*expected, "limit" | "stopped") { BOMB } else { HONEST };
        let seen = desk.compile(stage, &source, bound);
        if let Some(what) = desk.compare(&expected, &seen) {
            complain(what);
        }
        if let Some(survivor) = desk.survivor() {
            complain(format!("left a process: {survivor}"));
        }
        let next = neighbour(stage, tier, SLOT);
        if next != alone.1 {
            complain(format!("the next one to run fared differently: {next:?}"));
        }
    }
    if desk.fares(stage, innocent) != alone.0 {
        wrong.push("an innocent file is not compiled to what it was before".to_owned());
    }
    assert_eq!(fs::read_to_string(&desk.secret).unwrap(), SECRET);
    assert!(wrong.is_empty(), "in tier {tier}:\n{}", wrong.join("\n"));
}

/// Processor time that a compiler may take, and enough to see that a bomb is one.
const HONEST: Duration = Duration::from_secs(8);
const BOMB: Duration = Duration::from_secs(2);

/// Not that of the programs, which run at the same time.
const SLOT: Slot = Slot(2);

/// Bombs go off in the strongest tier, and each in one of the others.
fn is_elsewhere(source: &str, index: usize, tier: Tier) -> bool {
    let others = [Tier::B, Tier::C, Tier::D];
    source.starts_with("//! costly\n") && tier != Tier::A && tier != others[index % others.len()]
}

fn expected(source: &str, tier: Tier) -> String {
    let lines = || source.lines().map_while(|line| line.strip_prefix("//! "));
    let of = |name: &str| lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    of(&format!("outcome in {tier}: ")).or_else(|| of("outcome: ")).expect("an outcome")
}

impl Desk {
    fn new(tier: Tier) -> Self {
        let folder = tempfile::Builder::new().tempdir_in("/tmp").unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        let secret = folder.path().join("secret.rs");
        fs::write(&secret, SECRET).unwrap();
        fs::set_permissions(&secret, Permissions::from_mode(0o666)).unwrap();
        Self { folder, secret, tier }
    }

    fn made(&self) -> PathBuf {
        self.folder.path().join("made")
    }

    /// What comes of an innocent file.
    fn fares(&self, stage: &Stage, source: &str) -> (&'static str, Option<Vec<u8>>) {
        (outcome(&self.compile(stage, source, HONEST)), fs::read(self.made()).ok())
    }

    fn compile(&self, stage: &Stage, source: &str, cpu: Duration) -> Observation {
        let file = self.folder.path().join("lib.rs");
        fs::write(&file, source.replace("SECRET", self.secret.to_str().unwrap())).unwrap();
        let sysroot = stage.toolchain();
        let mut request = Request::new(sysroot.join("bin/rustc"));
        let args = ["--edition=2024", "-Awarnings", "--crate-type=bin", "-o", "made"];
        request.args = args.map(str::to_owned).to_vec();
        request.args.push(file.to_str().unwrap().to_owned());
        request.environment.insert("PATH".to_owned(), "/usr/bin:/bin".to_owned());
        request.limits = Limits {
            wall: Duration::from_secs(60),
            cpu,
            memory: 3 << 30,
            file_size: 1 << 28,
            output: 4 << 20,
            ..Limits::default()
        };
        let artefact = Artefact { name: "made".to_owned(), to: self.made(), size: 1 << 26 };
        let mut confinement =
            Confinement::for_compiler(self.tier, SLOT, &sysroot, [file], vec![artefact]);
        confinement.memory = Some(1 << 30);
        stage.keep(self.tier, &request, &confinement)
    }

    fn compare(&self, expected: &str, seen: &Observation) -> Option<String> {
        let (outcome, made) = (outcome(seen), fs::read(self.made()).ok());
        let said = format!("{}{}", seen.stdout.text, seen.stderr.text);
        // What comes first, a bound or the compiler's own mind, is up to the host.
        let expected = match expected {
            "stopped" if outcome != "compiles" => outcome,
            other => other,
        };
        if outcome != expected || made.is_some() != (expected == "compiles") {
            let said = &said[..said.floor_char_boundary(300)];
            return Some(format!("{outcome} for {expected}, {} {said}", seen.reason));
        }
        if said.contains(SECRET) {
            return Some("the compiler shows the secret".to_owned());
        }
        let holds = |made: Vec<u8>| made.windows(SECRET.len()).any(|at| at == SECRET.as_bytes());
        made.is_some_and(holds).then(|| "the secret is in what was made".to_owned())
    }

    /// A compiler or linker that works on something of this desk's.
    fn survivor(&self) -> Option<String> {
        let ours = format!("{}/lib.rs", self.folder.path().display());
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let running = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
        running
            .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
            .find(|line| line.contains(&ours))
    }
}

fn outcome(seen: &Observation) -> &'static str {
    match (seen.exit, seen.hang.as_ref().map(|hang| hang.kind)) {
        (_, Some(HangKind::Limit(_) | HangKind::Timeout | HangKind::Livelock)) => "limit",
        (Some(Exit::Code(0)), None) => "compiles",
        _ => "refused",
    }
}
