//! Where the programs are, and who runs them.
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, OnceLock};
use std::thread;
use std::time::Duration;

use jail::{Artefact, Confinement, Slot, Tier};
use keeper::{Keeper, prove};
use nix::unistd::geteuid;
use observation::{Exit, Limits, Observation, Request};
use tempfile::TempDir;

use crate::expectation::Expectation;

/// Everything compiled, once.
pub(crate) static STAGE: LazyLock<Stage> = LazyLock::new(Stage::build);

pub(crate) struct Stage {
    folder: TempDir,
    root: bool,
    keepers: [OnceLock<Keeper>; 4],
}

impl Stage {
    /// A folder that every user can reach, with the keeper and the compiled programs.
    fn build() -> Self {
        let open = Permissions::from_mode(0o755);
        let folder = tempfile::Builder::new().permissions(open).tempdir_in("/tmp").unwrap();
        copy_program(Path::new(env!("CARGO_BIN_EXE_keeper")), &folder.path().join("keeper"));
        let examples = Path::new(env!("CARGO_BIN_EXE_keeper")).with_file_name("examples");
        let container = examples.join("container");
        assert!(container.exists(), "built with the tests: cargo test -p keeper");
        copy_program(&container, &folder.path().join("container"));
        fs::create_dir(folder.path().join("toolchain")).unwrap();
        let stage = Self { folder, root: geteuid().is_root(), keepers: Default::default() };
        let sysroot = sysroot();
        // All tests wait for this, so it takes a processor more.
        let (names, next) = (stage.programs(), AtomicUsize::new(0));
        thread::scope(|scope| {
            for slot in [0, 3].map(Slot) {
                let (stage, sysroot, names, next) = (&stage, &sysroot, &names, &next);
                scope.spawn(move || {
                    while let Some((name, _)) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                        stage.compile(slot, sysroot, name);
                    }
                });
            }
        });
        stage
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The programs by name, in order.
    pub(crate) fn programs(&self) -> Vec<(String, Expectation)> {
        let paths = corpus("run");
        let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
        let read = |path: &Path| Expectation::read(&fs::read_to_string(path).unwrap());
        paths.iter().map(|path| (name(path), read(path))).collect()
    }

    fn compile(&self, slot: Slot, sysroot: &Path, name: &str) {
        let source = sources("run").join(format!("{name}.rs"));
        let mut request = Request::new(sysroot.join("bin/rustc"));
        let source_name = source.to_str().unwrap().to_owned();
        let args = ["--edition=2024", "-Awarnings", "-Copt-level=1", "-o", name, &source_name];
        request.args = args.map(str::to_owned).to_vec();
        request.environment.insert("PATH".to_owned(), "/usr/bin:/bin".to_owned());
        let bound = Duration::from_secs(60);
        request.limits =
            Limits { wall: bound, cpu: bound, file_size: 1 << 28, ..Limits::default() };
        let artefact =
            Artefact { name: name.to_owned(), to: self.folder().join(name), size: 1 << 26 };
        let tier = self.compile_tier();
        let confinement = Confinement::for_compiler(tier, slot, sysroot, [source], vec![artefact]);
        let keeper = Keeper::new(self.folder().join("keeper"));
        let seen = keeper.run(&request, &confinement).unwrap();
        assert_eq!(seen.exit, Some(Exit::Code(0)), "{name}: {}", seen.stderr.text);
    }

    /// The tier in which the tests compile.
    pub(crate) fn compile_tier(&self) -> Tier {
        if self.root { Tier::A } else { Tier::B }
    }

    /// Whether this host has this tier. It is proved before anything hostile runs.
    pub(crate) fn can_provide(&self, tier: Tier) -> bool {
        let keeper = Keeper::new(self.folder().join("keeper"));
        match tier {
            Tier::A if self.root => prove(&keeper, tier).unwrap(),
            Tier::B if !self.root => prove(&keeper, tier).unwrap(),
            _ => {}
        }
        self.root || tier == Tier::B
    }

    pub(crate) fn keep(
        &self,
        tier: Tier,
        request: &Request,
        confinement: &Confinement,
    ) -> Observation {
        let kept = self.keeper(tier).run(request, confinement);
        kept.unwrap_or_else(|error| panic!("tier {tier}: {error}"))
    }

    /// The keeper of `tier`, one for all its runs. As root it lives in a container.
    fn keeper(&self, tier: Tier) -> &Keeper {
        let index = Tier::ALL.iter().position(|one| *one == tier).unwrap();
        self.keepers[index].get_or_init(|| {
            let keeper = self.folder().join("keeper");
            if !self.root {
                return Keeper::new(keeper);
            }
            let (user, rights) = match tier {
                Tier::A => ("0", "free"),
                Tier::B => ("65534", "free"),
                Tier::C => ("0", "plain"),
                Tier::D => ("65534", "plain"),
            };
            let container = self.folder().join("container");
            let shown = [sysroot(), self.toolchain()].map(PathBuf::into_os_string);
            let words = [container.into(), user.into(), rights.into()].into_iter().chain(shown);
            Keeper::through(words, keeper)
        })
    }

    /// Where the toolchain is for whoever compiles: in a container it is where all users can
    /// reach it.
    pub(crate) fn toolchain(&self) -> PathBuf {
        if self.root { self.folder().join("toolchain") } else { sysroot() }
    }

    /// Where a program is for the runs in `tier`, which go on beside those in others.
    pub(crate) fn program(&self, tier: Tier, name: &str) -> PathBuf {
        self.folder().join(tier.to_string()).join(name)
    }

    /// Puts the programs where the runs in `tier` expect them.
    pub(crate) fn set_up(&self, tier: Tier) {
        fs::create_dir(self.folder().join(tier.to_string())).unwrap();
        for (name, _) in self.programs() {
            copy_program(&self.folder().join(&name), &self.program(tier, &name));
        }
    }

    /// Processes that execute one of the programs of `tier`.
    pub(crate) fn survivors(&self, tier: Tier) -> Vec<String> {
        let place = self.folder().join(tier.to_string());
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let running = entries.filter_map(|entry| fs::read_link(entry.path().join("exe")).ok());
        let ours = running.filter(|exe| exe.starts_with(&place));
        ours.map(|exe| exe.display().to_string()).collect()
    }
}

/// The files of a part of the corpus, in order.
pub(crate) fn corpus(part: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(sources(part)).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries.collect();
    paths.sort();
    paths
}

fn sources(part: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(3).unwrap().join("tests/hostile").join(part)
}

/// By another process: what a fork of another test's holds open for writing cannot be executed.
fn copy_program(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg(from).arg(to).status().unwrap();
    assert!(copied.success(), "cannot copy {}", from.display());
}

/// Where the toolchain is.
pub(crate) fn sysroot() -> PathBuf {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    PathBuf::from(String::from_utf8(sysroot.stdout).unwrap().trim())
}
