//! Builds what is trusted, once: a lesson's tests and the crates that it links.
//!
//! Cargo runs on the course alone, never on anything that a student wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use course::{Course, CourseErrors, Lesson, LessonId};
use nix::sys::statvfs::statvfs;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use thiserror::Error;

/// A lesson whose tests are built.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Prepared {
    /// The crate name of the student's library: `pool_map`.
    pub crate_name: String,
    /// The driver that the submission is linked with.
    pub driver: PathBuf,
    /// Crates that the student's code and the driver may name, with their libraries.
    pub externs: Vec<Extern>,
    /// The folder that holds those and every library that they need, and nothing else.
    pub libraries: PathBuf,
    /// The test binary that holds each test, by the test's name; explored tests excepted.
    pub tests: BTreeMap<String, PathBuf>,
    /// The tests that explore schedules, if the lesson has any.
    pub explored: Option<Explored>,
}

/// Tests that link the student's code, and so are built again for each submission.
///
/// The test target of a lesson that is called `explored`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Explored {
    /// Its source.
    pub source: PathBuf,
    /// The names of its tests.
    pub tests: Vec<String>,
    /// The model of std that takes the place of the real one.
    pub model: Extern,
    /// The folder that holds it and every library that it needs, and nothing else.
    pub libraries: PathBuf,
}

/// A library under the name by which code calls it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extern {
    /// `nix`
    pub name: String,
    /// `.../libnix-0123.rlib`
    pub library: PathBuf,
}

/// Why a course cannot be built: its author's fault, or the host's.
#[derive(Debug, Error)]
pub enum PrepareError {
    /// Cargo cannot be run.
    #[error("cannot run `cargo`: {0}; install Rust, and see that `cargo` is on the path")]
    Cargo(#[source] std::io::Error),
    /// The course does not build.
    #[error("the course does not build:\n{0}")]
    Build(String),
    /// The course does not build, most likely since there is no room for it.
    #[error(
        "the course does not build, and only {free} MiB are free on the disk that holds {path}: \
         make room (`cargo clean` takes away what can be built again), then try again. \
         Cargo said:\n{message}",
        path = path.display()
    )]
    Room {
        /// What is left, in MiB.
        free: u64,
        /// The folder for what is built.
        path: PathBuf,
        /// What cargo and the linker said.
        message: String,
    },
    /// Cargo answered with something else than expected.
    #[error("cannot understand cargo's answer about {about}: {message}")]
    Answer {
        /// What was asked.
        about: &'static str,
        /// What is odd.
        message: String,
    },
    /// A test binary does not list its tests.
    #[error("cannot list the tests of {binary}: {message}", binary = binary.display())]
    List {
        /// Which.
        binary: PathBuf,
        /// What went wrong.
        message: String,
    },
    /// There is no room for the libraries that submissions are linked with.
    #[error("cannot put libraries into {path}: {source}; is the disk full?", path = path.display())]
    Shelf {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// course.yaml and the tests do not agree.
    #[error(transparent)]
    Tests(#[from] CourseErrors),
}

/// Builds the tests of `lessons` and finds what submissions are linked with.
///
/// The libraries lie in the folder that comes back, and go with it; it is new and in
/// the course's target folder. `say` is told if another cargo is at work there.
pub fn prepare(
    root: &Path,
    course: &Course,
    lessons: &[&Lesson],
    say: fn(&str),
) -> Result<(BTreeMap<LessonId, Prepared>, TempDir), PrepareError> {
    let graph = Graph::read(root)?;
    let artifacts = build(root, lessons, &graph.target_directory, say)?;
    let shelf = TempDir::with_prefix_in("grading-", &graph.target_directory);
    let shelf = shelf
        .map_err(|source| PrepareError::Shelf { path: graph.target_directory.clone(), source })?;
    let lessons = lessons
        .iter()
        .map(|lesson| prepare_lesson(root, course, lesson, &graph, &artifacts, shelf.path()));
    Ok((lessons.collect::<Result<_, _>>()?, shelf))
}

fn prepare_lesson(
    root: &Path,
    course: &Course,
    lesson: &Lesson,
    graph: &Graph,
    artifacts: &[Artifact],
    shelf: &Path,
) -> Result<(LessonId, Prepared), PrepareError> {
    let package = graph.package(lesson.id.as_str())?;
    let mut tests = BTreeMap::new();
    let mut explored = None;
    let mut names = Vec::new();
    for artifact in artifacts.iter().filter(|artifact| artifact.is_test_of(&package)) {
        let Some(binary) = &artifact.executable else { continue };
        let listed = list(binary)?;
        names.extend(listed.clone());
        if artifact.target.name == EXPLORED {
            let source = artifact.target.src_path.clone();
            let libraries = shelf.join(format!("{}-{EXPLORED}", lesson.id));
            let model = model(graph, artifacts, &libraries)?;
            explored = Some(Explored { source, tests: listed, model, libraries });
        } else {
            tests.extend(listed.into_iter().map(|test| (test, binary.clone())));
        }
    }
    course.check_tests(lesson, &names)?;

    let libraries = shelf.join(lesson.id.as_str());
    shelve(&graph.libraries_below(&package, artifacts), &libraries)?;
    let mut externs = Vec::new();
    for (name, id) in graph.dependencies(&package) {
        let library = artifacts.iter().find_map(|artifact| artifact.library_of(id));
        let stands = |library: PathBuf| on(&libraries, &library);
        externs.extend(
            library.map(|library| Extern { name: name.to_owned(), library: stands(library) }),
        );
    }
    let crate_name = lesson.id.as_str().replace('-', "_");
    let driver = root.join("exercises").join(lesson.id.as_str()).join("src/main.rs");
    Ok((lesson.id.clone(), Prepared { crate_name, driver, externs, libraries, tests, explored }))
}

/// The test target whose tests explore schedules.
const EXPLORED: &str = "explored";

/// The library that explored tests are linked with.
const MODEL: &str = "interleave";

fn model(graph: &Graph, artifacts: &[Artifact], shelf: &Path) -> Result<Extern, PrepareError> {
    let package = graph.package(MODEL)?;
    let library = artifacts.iter().find_map(|artifact| artifact.library_of(&package));
    let library = library.ok_or_else(|| PrepareError::Answer {
        about: "the explored tests",
        message: format!("`{MODEL}` was not built; add it to the lesson's dev-dependencies"),
    })?;
    let mut libraries = graph.libraries_below(&package, artifacts);
    libraries.push(library.clone());
    shelve(&libraries, shelf)?;
    Ok(Extern { name: MODEL.to_owned(), library: on(shelf, &library) })
}

/// Puts `libraries` into the new folder `shelf`, so that a compiler can be shown them and
/// not what lies beside them: tests, and the libraries of others.
fn shelve(libraries: &[PathBuf], shelf: &Path) -> Result<(), PrepareError> {
    let failed = |source| PrepareError::Shelf { path: shelf.to_owned(), source };
    std::fs::create_dir_all(shelf).map_err(failed)?;
    for library in libraries {
        let to = on(shelf, library);
        if std::fs::hard_link(library, &to).is_err() && !to.exists() {
            std::fs::copy(library, &to).map_err(failed)?;
        }
    }
    Ok(())
}

/// Where `library` stands on `shelf`.
fn on(shelf: &Path, library: &Path) -> PathBuf {
    shelf.join(library.file_name().unwrap_or_default())
}

/// One thing that cargo built.
#[derive(Debug, Deserialize)]
struct Artifact {
    package_id: String,
    target: Target,
    filenames: Vec<PathBuf>,
    executable: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Target {
    kind: Vec<String>,
    name: String,
    src_path: PathBuf,
}

impl Artifact {
    fn is_test_of(&self, package: &str) -> bool {
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

    fn library_of(&self, package: &str) -> Option<PathBuf> {
        let rlib = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "rlib");
        if self.package_id == package { self.filenames.iter().find(rlib).cloned() } else { None }
    }
}

/// A linker that finds no room dies of SIGBUS, and says nothing of a disk.
const LITTLE_ROOM: u64 = 1 << 30;

fn build(
    root: &Path,
    lessons: &[&Lesson],
    target: &Path,
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
        return Err(not_built(message, target, free_bytes(target)));
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
        if text.contains("Blocking waiting for file lock") {
            say("another cargo or grader is at work in this course's target/; waiting for it");
        }
        message += &text;
        line.clear();
    }
    message
}

fn not_built(message: String, target: &Path, free: Option<u64>) -> PrepareError {
    match free.filter(|free| *free < LITTLE_ROOM) {
        Some(free) => PrepareError::Room { free: free >> 20, path: target.to_owned(), message },
        None => PrepareError::Build(message),
    }
}

/// What a user may still write to the disk that holds `folder`, or the nearest folder above
/// that exists.
fn free_bytes(folder: &Path) -> Option<u64> {
    let room = folder.ancestors().find_map(|folder| statvfs(folder).ok())?;
    Some(room.blocks_available().saturating_mul(room.fragment_size()))
}

/// The names of the tests in a test binary.
fn list(binary: &Path) -> Result<Vec<String>, PrepareError> {
    let failed = |message: String| PrepareError::List { binary: binary.to_owned(), message };
    let output = Command::new(binary).args(["--list", "--format", "terse"]).output();
    let output = output.map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
}

/// What depends on what, as cargo resolved it.
#[derive(Debug, Deserialize)]
struct Graph {
    packages: Vec<Package>,
    resolve: Resolve,
    target_directory: PathBuf,
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
    fn read(root: &Path) -> Result<Self, PrepareError> {
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
    fn package(&self, name: &str) -> Result<String, PrepareError> {
        let ours =
            self.packages.iter().find(|package| package.name == name && package.source.is_none());
        ours.map(|package| package.id.clone()).ok_or_else(|| {
            let message = format!("there is no package `{name}`; is there an exercises/{name}?");
            PrepareError::Answer { about: "the packages of the course", message }
        })
    }

    /// The files of all packages that `package` depends on, directly or not.
    fn libraries_below(&self, package: &str, artifacts: &[Artifact]) -> Vec<PathBuf> {
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
    fn dependencies(&self, package: &str) -> impl Iterator<Item = (&str, &str)> {
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
        let of = |free| not_built(said.to_owned(), Path::new("/c/target"), free).to_string();
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
        let said = "   Compiling lock v0.1.0\n    Blocking waiting for file lock on build directory\nerror: x";
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
