//! The grader as its users run it: the real binary on this course.

#![expect(clippy::unwrap_used, reason = "helpers of tests, in which a failure is a failed test")]

mod bad_input;
mod class;
mod course;
mod gradebook;
mod hostile;
mod journal;
mod platforms;
mod student;
mod uploads;
mod witness;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use assert_cmd::Command;
use tempfile::TempDir;

/// The root of the course: this repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the grader is in a workspace")
}

/// The grader, told where the course is, and with a cache that no other test has filled.
fn grader() -> Command {
    static CACHES: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut grader = Command::new(env!("CARGO_BIN_EXE_grader"));
    let cache = CACHES.path().join(NEXT.fetch_add(1, Ordering::Relaxed).to_string());
    grader.current_dir(root()).env("XDG_CACHE_HOME", cache);
    grader
}

/// A folder of submissions that a test fills.
struct Class {
    folder: TempDir,
}

impl Class {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("class")
    }

    /// The folder into which the grader writes.
    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// Hands `text` in as `path`, which starts with the student's name.
    fn hand_in(&self, path: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Grades all of it.
    fn grade(&self) -> assert_cmd::assert::Assert {
        grader().arg("grade").arg(self.path()).arg("--out").arg(self.out()).assert()
    }

    /// What `results.json` says.
    fn results(&self) -> serde_json::Value {
        let text = std::fs::read_to_string(self.out().join("results.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// `student lesson verdict score/max`, a line for each submission.
    fn verdicts(&self) -> String {
        verdicts(&self.results())
    }
}

fn verdicts(results: &serde_json::Value) -> String {
    let submissions = results["submissions"].as_array().unwrap();
    let line = |submission: &serde_json::Value| {
        let text = |key: &str| submission[key].as_str().unwrap().to_owned();
        let (score, most) = (&submission["score"], &submission["max_score"]);
        format!("{} {} {} {score}/{most}", text("student"), text("lesson"), text("verdict"))
    };
    submissions.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The reference solution of a lesson.
fn solution(lesson: &str) -> String {
    std::fs::read_to_string(root().join(format!("solutions/{lesson}/src/lib.rs"))).unwrap()
}
