//! Platforms as they run what was exported: their folders in a temporary root, their entry scripts.
//!
//! One lesson is exported once, by the command; one of its tests is made a hidden one afterwards.

mod attacks;
mod bad_input;
mod everywhere;
mod forgery;
mod halted;
mod packages;
mod places;
mod scripts;
mod servers;
mod sign;
mod tiers;

use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use ::platforms::Platform;
use ::platforms::package::{self, Facts, File, Packed};
use serde_json::Value;
use tempfile::TempDir;

use crate::{grader, root, solution};

const LESSON: &str = "semaphore";

/// What belongs to the hidden test.
const SECRETS: [&str; 3] =
    ["every_permit_comes_back", "The final value is the first value", "Count your calls"];

/// A folder of these tests alone that is not in /tmp.
fn workspace() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// The lesson with the grader and all that it needs, as it is in the zip for Gradescope.
fn bundle() -> &'static Path {
    static BUNDLE: LazyLock<PathBuf> = LazyLock::new(|| {
        let to = workspace().join("exported");
        if to.exists() {
            std::fs::remove_dir_all(&to).unwrap();
        }
        let mut export = grader();
        export.args(["export", "gradescope", "--lesson", LESSON, "--to"]).arg(&to).assert().code(0);
        let zip = std::fs::File::open(to.join("autograder.zip")).unwrap();
        zip::ZipArchive::new(zip).unwrap().extract(to.join("source")).unwrap();
        let bundle = to.join("source/interleave");
        let course = bundle.join("course.yaml");
        let text = std::fs::read_to_string(&course).unwrap();
        let test = format!("- name: {}\n", SECRETS[0]);
        let (before, after) = text.split_once(&test).unwrap();
        let hidden = format!("{before}{test}            visibility: hidden\n{after}");
        std::fs::write(&course, hidden).unwrap();
        bundle
    });
    &BUNDLE
}

/// A platform's root, with the lesson where its image has it.
struct Host {
    root: TempDir,
}

impl Host {
    fn new(platform: Platform) -> Self {
        let host = Self { root: TempDir::new_in(workspace()).unwrap() };
        std::fs::create_dir(host.at("opt")).unwrap();
        symlink(bundle(), host.at("opt/interleave")).unwrap();
        for File { path, text, executable } in package(platform) {
            let path = format!("package/{path}");
            if executable { host.write_program(&path, &text) } else { host.write(&path, text) }
        }
        host
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.at(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// By another process: what a fork of another test's holds open for writing cannot be executed.
    fn write_program(&self, path: &str, text: &str) {
        let path = self.at(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut shell = assert_cmd::Command::new("sh");
        shell.args(["-c", "cat > \"$0\" && chmod 755 \"$0\""]).arg(path);
        shell.write_stdin(text).assert().success();
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.at(path)).unwrap()
    }

    fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.read(path)).unwrap()
    }

    /// Runs `program` as the platform would, in the folder `here`.
    fn run(&self, here: &str, program: impl AsRef<OsStr>, arguments: &[&str]) -> Output {
        std::fs::create_dir_all(self.at(here)).unwrap();
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.at(here));
        command.env("INTERLEAVE_ROOT", self.root.path()).env_remove("GITHUB_ACTOR");
        command.env_remove("GITHUB_STEP_SUMMARY");
        command.output().unwrap()
    }

    /// Runs a command line of the package, in which the image's paths are this root's.
    fn line(&self, here: &str, line: &str, more: &[&str]) -> Output {
        let line =
            line.replace("/opt/interleave", &self.at("opt/interleave").display().to_string());
        let mut words = line.split_whitespace();
        let program = words.next().unwrap().to_owned();
        let arguments: Vec<&str> = words.chain(more.iter().copied()).collect();
        self.run(here, program, &arguments)
    }

    /// `self.root` with a separator, for `--root`.
    fn slash(&self) -> String {
        format!("{}/", self.root.path().display())
    }
}

/// The files that `grader export` writes for a platform besides the lesson.
fn package(platform: Platform) -> Vec<File> {
    let course = course::load(bundle()).unwrap();
    let lesson = course.lesson(LESSON).unwrap();
    let stub = std::fs::read_to_string(root().join("exercises/semaphore/src/lib.rs")).unwrap();
    let facts = Facts {
        toolchain: "rustc 1.95.0".to_owned(),
        glibc: "2.35".to_owned(),
        limit: 600,
        sha256: "0".repeat(64),
    };
    package::render(platform, &facts, &[Packed { lesson, stub }])
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn no_secrets(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    assert!(text.contains("tier "), "it does not say what confined the program: {text}");
}
