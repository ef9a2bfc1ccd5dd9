//! Builds what is trusted, once: a lesson's tests and the crates that it links.
//!
//! Cargo runs on the course alone, never on anything that a student wrote.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use course::{Course, CourseErrors, Lesson, LessonId};
use serde::Deserialize;
use thiserror::Error;

/// A lesson whose tests are built.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The crate name of the student's library: `pool_map`.
    pub crate_name: String,
    /// The driver that the submission is linked with.
    pub driver: PathBuf,
    /// Crates that the student's code and the driver may name, with their libraries.
    pub externs: Vec<Extern>,
    /// Where the libraries behind those are.
    pub dependencies: PathBuf,
    /// The test binary that holds each test, by the test's name.
    pub tests: BTreeMap<String, PathBuf>,
}

/// A library under the name by which code calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// course.yaml and the tests do not agree.
    #[error(transparent)]
    Tests(#[from] CourseErrors),
}

/// Builds the tests of `lessons` and finds what submissions are linked with.
pub fn prepare(
    root: &Path,
    course: &Course,
    lessons: &[&Lesson],
) -> Result<BTreeMap<LessonId, Prepared>, PrepareError> {
    let graph = Graph::read(root)?;
    let artifacts = build(root, lessons)?;
    lessons.iter().map(|lesson| prepare_lesson(root, course, lesson, &graph, &artifacts)).collect()
}

fn prepare_lesson(
    root: &Path,
    course: &Course,
    lesson: &Lesson,
    graph: &Graph,
    artifacts: &[Artifact],
) -> Result<(LessonId, Prepared), PrepareError> {
    let package = graph.package(lesson.id.as_str())?;
    let mut tests = BTreeMap::new();
    let binaries = artifacts.iter().filter(|artifact| artifact.is_test_of(&package));
    for binary in binaries.filter_map(|artifact| artifact.executable.as_ref()) {
        tests.extend(list(binary)?.into_iter().map(|test| (test, binary.clone())));
    }
    let names: Vec<&str> = tests.keys().map(String::as_str).collect();
    course.check_tests(lesson, &names)?;

    let mut externs = Vec::new();
    for (name, id) in graph.dependencies(&package) {
        let library = artifacts.iter().find_map(|artifact| artifact.library_of(id));
        externs.extend(library.map(|library| Extern { name: name.to_owned(), library }));
    }
    let crate_name = lesson.id.as_str().replace('-', "_");
    let driver = root.join("exercises").join(lesson.id.as_str()).join("src/main.rs");
    let dependencies = graph.target_directory.join("debug/deps");
    Ok((lesson.id.clone(), Prepared { crate_name, driver, externs, dependencies, tests }))
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
}

impl Artifact {
    fn is_test_of(&self, package: &str) -> bool {
        self.package_id == package && self.target.kind.iter().any(|kind| kind == "test")
    }

    fn library_of(&self, package: &str) -> Option<PathBuf> {
        let rlib = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "rlib");
        if self.package_id == package { self.filenames.iter().find(rlib).cloned() } else { None }
    }
}

fn build(root: &Path, lessons: &[&Lesson]) -> Result<Vec<Artifact>, PrepareError> {
    let mut cargo = cargo(root);
    cargo.args(["test", "--no-run", "--message-format=json-render-diagnostics"]);
    for lesson in lessons {
        cargo.args(["-p", lesson.id.as_str()]);
    }
    let output = cargo.stdin(Stdio::null()).output().map_err(PrepareError::Cargo)?;
    if !output.status.success() {
        return Err(PrepareError::Build(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let lines = output.stdout.split(|&byte| byte == b'\n');
    let artifacts = lines.filter_map(|line| {
        let message: serde_json::Value = serde_json::from_slice(line).ok()?;
        (message.get("reason")? == "compiler-artifact")
            .then(|| serde_json::from_value(message).ok())?
    });
    Ok(artifacts.collect())
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

/// Cargo in the course's root, free of what an outer cargo told this process.
fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let outer =
            text.starts_with("CARGO_") && text != "CARGO_HOME" && !text.starts_with("CARGO_TARGET");
        if outer {
            cargo.env_remove(&name);
        }
    }
    cargo
}
