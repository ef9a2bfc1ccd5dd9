//! Builds what is trusted, once: a lesson's tests and the crates that it links.
//!
//! Cargo runs on the course alone, never on anything that a student wrote.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use course::{Course, CourseErrors, Lesson, LessonId};
use serde::{Deserialize, Serialize};
use temporary::Temporary;
use thiserror::Error;

use crate::cargo::{Artifact, Graph, build, unless_full};
use crate::open::open_to_all;

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

impl Prepared {
    /// The folder of what the driver can do besides what it shows, if there is one: its module
    /// `acts`.
    pub(crate) fn acts(&self) -> Option<PathBuf> {
        Some(self.driver.with_file_name("acts")).filter(|acts| acts.is_dir())
    }

    /// `message` of the compiler, with the driver's files named as students know them.
    pub(crate) fn seen_from_the_exercise(&self, message: &str) -> String {
        match self.driver.ancestors().nth(2) {
            Some(exercise) => message.replace(&format!("{}/", exercise.display()), ""),
            None => message.to_owned(),
        }
    }
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
) -> Result<(BTreeMap<LessonId, Prepared>, Temporary), PrepareError> {
    let (graph, built) = thread::scope(|scope| {
        let graph = scope.spawn(|| Graph::read(root));
        let built = build(root, lessons, say);
        (graph.join().expect("reading what cargo says does not panic"), built)
    });
    let graph = graph?;
    let artifacts = built.map_err(|error| unless_full(error, &graph.target_directory))?;
    let shelf = Temporary::new_in(&graph.target_directory, 0o755);
    // Tests outlive a grader that is killed, and go on in there.
    let shelf = shelf
        .and_then(|shelf| shelf.hand_down().map(|()| shelf))
        .map_err(|source| PrepareError::Shelf { path: graph.target_directory.clone(), source })?;
    let lessons = lessons
        .iter()
        .map(|lesson| prepare_lesson(root, course, lesson, &graph, &artifacts, shelf.path()));
    let lessons = lessons.collect::<Result<_, _>>()?;
    let failed = |source| PrepareError::Shelf { path: shelf.path().to_owned(), source };
    open_to_all(shelf.path()).map_err(failed)?;
    Ok((lessons, shelf))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_the_driver_tells_no_folder_of_the_host() {
        let prepared = Prepared {
            crate_name: "lock".to_owned(),
            driver: "/srv/course/exercises/lock/src/main.rs".into(),
            externs: Vec::new(),
            libraries: PathBuf::new(),
            tests: BTreeMap::new(),
            explored: None,
        };
        let said = "error\n --> /srv/course/exercises/lock/src/acts/again.rs:6:5\n";
        assert_eq!(prepared.seen_from_the_exercise(said), "error\n --> src/acts/again.rs:6:5\n");
    }
}
