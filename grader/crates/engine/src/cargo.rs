//! What cargo knows of the course, and what it builds of it.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use course::Lesson;
use nix::sys::statvfs::statvfs;
use serde::Deserialize;

use crate::prepare::PrepareError;

/// One thing that cargo built.
#[derive(Debug, Deserialize)]
pub(crate) struct Artifact {
    package_id: String,
    pub(crate) target: Target,
    filenames: Vec<PathBuf>,
    /// None of a library.
    pub(crate) executable: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    kind: Vec<String>,
    pub(crate) name: String,
    pub(crate) src_path: PathBuf,
}

impl Artifact {
    pub(crate) fn is_test_of(&self, package: &str) -> bool {
        self.package_id == package && self.target.kind.iter().any(|kind| kind == "test")
    }

    /// What rustc reads of it: libraries, their metadata, procedural macros.
    fn libraries(&self) -> impl Iterator<Item = &PathBuf> {
        let kinds = ["rlib", "rmeta", "so"];
        let read = move |path: &&PathBuf| {
            path.extension().is_some_and(|extension| kinds.iter().any(|kind| extension == *kind))
        };
        self.filenames.iter().filter(read)
    }

    pub(crate) fn library_of(&self, package: &str) -> Option<PathBuf> {
        let rlib = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "rlib");
        if self.package_id == package { self.filenames.iter().find(rlib).cloned() } else { None }
    }
}

/// A linker that finds no room dies of SIGBUS, and says nothing of a disk.
const LITTLE_ROOM: u64 = 1 << 30;

/// Builds the tests of `lessons`; what cargo made of it, and for it.
pub(crate) fn build(
    root: &Path,
    lessons: &[&Lesson],
    say: fn(&str),
) -> Result<Vec<Artifact>, PrepareError> {
    let mut cargo = cargo(root);
    cargo.args(["test", "--no-run", "--message-format=json-render-diagnostics"]);
    for lesson in lessons {
        cargo.args(["-p", lesson.id.as_str()]);
    }
    cargo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = cargo.spawn().map_err(PrepareError::Cargo)?;
    let stderr = child.stderr.take().expect("it is piped");
    let listening = std::thread::spawn(move || listen(stderr, say));
    let output = child.wait_with_output().map_err(PrepareError::Cargo)?;
    let message = listening.join().unwrap_or_default();
    if !output.status.success() {
        return Err(PrepareError::Build(message));
    }
    let lines = output.stdout.split(|&byte| byte == b'\n');
    let artifacts = lines.filter_map(|line| {
        let message: serde_json::Value = serde_json::from_slice(line).ok()?;
        (message.get("reason")? == "compiler-artifact")
            .then(|| serde_json::from_value(message).ok())?
    });
    Ok(artifacts.collect())
}

/// What cargo says on standard error, all of it; that it waits for another cargo is told at once.
fn listen(stderr: impl Read, say: fn(&str)) -> String {
    let mut message = String::new();
    let mut lines = BufReader::new(stderr);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        let text = String::from_utf8_lossy(&line);
        // That of the package cache is held for a moment by our own other call of cargo.
        if text.contains("Blocking waiting for file lock") && !text.contains("package cache") {
            say("another cargo or grader is at work in this course's target/; waiting for it");
        }
        message += &text;
        line.clear();
    }
    message
}

/// `error`, or that most likely there was no room for what is built, which goes to `target`.
pub(crate) fn unless_full(error: PrepareError, target: &Path) -> PrepareError {
    explain(error, target, free_bytes(target))
}

fn explain(error: PrepareError, target: &Path, free: Option<u64>) -> PrepareError {
    match (error, free.filter(|free| *free < LITTLE_ROOM)) {
        (PrepareError::Build(message), Some(free)) => {
            PrepareError::Room { free: free >> 20, path: target.to_owned(), message }
        }
        (error, _) => error,
    }
}

/// What a user may still write to the disk that holds `folder`, or the nearest folder above
/// that exists.
fn free_bytes(folder: &Path) -> Option<u64> {
    let room = folder.ancestors().find_map(|folder| statvfs(folder).ok())?;
    Some(room.blocks_available().saturating_mul(room.fragment_size()))
}

/// What depends on what, as cargo resolved it.
#[derive(Debug, Deserialize)]
pub(crate) struct Graph {
    packages: Vec<Package>,
    resolve: Resolve,
    pub(crate) target_directory: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    source: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Debug, Deserialize)]
struct Kind {
    kind: Option<String>,
}

impl Graph {
    pub(crate) fn read(root: &Path) -> Result<Self, PrepareError> {
        let mut cargo = cargo(root);
        cargo.args(["metadata", "--format-version", "1"]);
        let output = cargo.stdin(Stdio::null()).output().map_err(PrepareError::Cargo)?;
        if !output.status.success() {
            return Err(PrepareError::Build(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| PrepareError::Answer {
            about: "the packages of the course",
            message: error.to_string(),
        })
    }

    /// The id of the workspace's own package `name`.
    pub(crate) fn package(&self, name: &str) -> Result<String, PrepareError> {
        let ours =
            self.packages.iter().find(|package| package.name == name && package.source.is_none());
        ours.map(|package| package.id.clone()).ok_or_else(|| {
            let message = format!("there is no package `{name}`; is there an exercises/{name}?");
            PrepareError::Answer { about: "the packages of the course", message }
        })
    }

    /// The files of all packages that `package` depends on, directly or not.
    pub(crate) fn libraries_below(&self, package: &str, artifacts: &[Artifact]) -> Vec<PathBuf> {
        let mut below = BTreeSet::new();
        let mut open = vec![package];
        while let Some(package) = open.pop() {
            let dependencies = self.dependencies(package).map(|(_, id)| id);
            open.extend(dependencies.filter(|id| below.insert(*id)));
        }
        let of = artifacts.iter().filter(|artifact| below.contains(artifact.package_id.as_str()));
        of.flat_map(Artifact::libraries).cloned().collect()
    }

    /// What the library and the driver of `package` are linked with: no dev-dependencies.
    pub(crate) fn dependencies(&self, package: &str) -> impl Iterator<Item = (&str, &str)> {
        let node = self.resolve.nodes.iter().find(|node| node.id == package);
        let dependencies = node.into_iter().flat_map(|node| &node.deps);
        let normal = |kinds: &[Kind]| kinds.iter().any(|kind| kind.kind.is_none());
        dependencies
            .filter(move |dependency| normal(&dependency.dep_kinds))
            .map(|dependency| (dependency.name.as_str(), dependency.pkg.as_str()))
    }
}

/// How a person configures cargo. Without them, what the person has built is built again.
const SETTINGS: [&str; 8] = [
    "CARGO_BUILD_",
    "CARGO_HOME",
    "CARGO_HTTP_",
    "CARGO_INCREMENTAL",
    "CARGO_NET_",
    "CARGO_PROFILE_",
    "CARGO_REGISTR",
    "CARGO_TARGET",
];

/// Cargo in the course's root, free of what an outer cargo told this process.
fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let is_setting = SETTINGS.iter().any(|setting| text.starts_with(setting));
        if text.starts_with("CARGO_") && !is_setting {
            cargo.env_remove(&name);
        }
    }
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_fails_where_there_is_hardly_any_room_says_so_and_what_to_do() {
        let said = "ld terminated with signal 7 [Bus error]";
        let build = || PrepareError::Build(said.to_owned());
        let of = |free| explain(build(), Path::new("/c/target"), free).to_string();
        let full = of(Some(3 << 20));
        assert!(full.contains("only 3 MiB are free on the disk that holds /c/target"), "{full}");
        assert!(full.contains("cargo clean") && full.ends_with(said), "{full}");
        for room in [of(Some(LITTLE_ROOM)), of(None)] {
            assert_eq!(room, format!("the course does not build:\n{said}"));
        }
    }

    #[test]
    fn waiting_for_another_cargo_is_told_and_nothing_that_it_says_is_lost() {
        static TOLD: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
        let said = "    Blocking waiting for file lock on package cache\n   Compiling lock v0.1.0\n    \
                    Blocking waiting for file lock on build directory\nerror: x";
        let whole = listen(said.as_bytes(), |text| TOLD.lock().unwrap().push(text.to_owned()));
        assert_eq!(whole, said);
        let told = TOLD.lock().unwrap();
        assert!(matches!(told.as_slice(), [one] if one.contains("waiting for it")), "{told:?}");
    }

    #[test]
    fn the_room_of_a_folder_that_is_yet_to_be_made_is_that_of_the_one_above() {
        let folder = tempfile::tempdir().unwrap();
        let made = free_bytes(folder.path()).unwrap();
        let to_be = free_bytes(&folder.path().join("a/b")).unwrap();
        assert!(made > 0 && to_be > 0, "{made} {to_be}");
    }
}
