//! Runs the tests of a lesson against a program: each in a process of its own.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use course::Lesson;
use keeper::{KeeperError, Place};
use kit::{FINDING_VARIABLE, Finding, LIMITS_VARIABLE, Outcome, PROGRAM_VARIABLE};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::prepare::Prepared;

/// What one test found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// The property holds.
    Passed,
    /// It does not, and why.
    Failed(Finding),
    /// The host shows too little to tell.
    NotCheckable(String),
}

/// Why a test could not be run: a fault of ours.
#[derive(Debug, Error)]
pub enum JudgeError {
    /// Somebody ended the test, which holds no code of a student's.
    #[error("the test `{test}` was ended by signal {signal}; is there enough memory?")]
    Ended {
        /// Its name.
        test: String,
        /// By which.
        signal: i32,
    },
    /// The test binary does not start, or a file is missing.
    #[error("cannot run the test `{test}`: {source}")]
    Run {
        /// Which test.
        test: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nobody can run its program.
    #[error(transparent)]
    Keeper(#[from] KeeperError),
    /// The test says that the run itself failed.
    #[error("the test `{test}` could not run the program: {reason}")]
    Broken {
        /// Which test.
        test: String,
        /// What it says.
        reason: String,
    },
    /// What the test wrote cannot be read.
    #[error("the finding of the test `{test}` cannot be read: {message}")]
    Unreadable {
        /// Which test.
        test: String,
        /// What is odd about it.
        message: String,
    },
}

/// Bytes of a test's own output that are kept.
const OUTPUT: u64 = 64 << 10;

/// Where insta notes which snapshots it compared with.
const SNAPSHOTS: &str = "snapshots.txt";

/// Runs the test `name` of `lesson` against `program`, which runs in `place`.
///
/// `folder` takes the test's finding.
pub fn judge(
    lesson: &Lesson,
    prepared: &Prepared,
    name: &str,
    program: &Path,
    folder: &Path,
    place: &Place,
) -> Result<Judgement, JudgeError> {
    let failed = |source| JudgeError::Run { test: name.to_owned(), source };
    let binary = &prepared.tests[name];
    let finding = folder.join("finding.json");
    let said = folder.join("said.txt");
    let output = File::options().create(true).truncate(true).read(true).write(true).open(&said);
    let mut output = output.map_err(failed)?;

    let limits = serde_json::to_string(&lesson.limits).expect("limits are plain numbers");
    let mut test = Command::new(binary);
    test.args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("CARGO_PKG_NAME", lesson.id.as_str())
        .env("INSTA_UPDATE", "no")
        .env("INSTA_WORKSPACE_ROOT", workspace_of(&prepared.driver))
        .env("INSTA_SNAPSHOT_REFERENCES_FILE", folder.join(SNAPSHOTS))
        .env(LIMITS_VARIABLE, limits)
        .env(PROGRAM_VARIABLE, program)
        .env(FINDING_VARIABLE, &finding)
        .stdout(output.try_clone().map_err(failed)?)
        .stderr(output.try_clone().map_err(failed)?);
    place.hand_to(&mut test)?;
    // Ctrl-C is for the grader, which lets a test that runs come to its end.
    test.process_group(0);
    let status = test.status().map_err(failed)?;
    if status.success() {
        return Ok(Judgement::Passed);
    }
    if let Some(signal) = status.signal() {
        return Err(JudgeError::Ended { test: name.to_owned(), signal });
    }
    let mut text = String::new();
    output.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut bytes = Vec::new();
    output.take(OUTPUT).read_to_end(&mut bytes).map_err(failed)?;
    text.push_str(&String::from_utf8_lossy(&bytes));
    conclude(name, read(name, &finding)?.unwrap_or_else(|| plain_failure(&text)))
}

/// The snapshots that the tests whose findings went to `folder` compared with.
pub fn snapshots(folder: &Path) -> Vec<PathBuf> {
    let noted = std::fs::read_to_string(folder.join(SNAPSHOTS)).unwrap_or_default();
    noted.lines().map(PathBuf::from).collect()
}

fn conclude(name: &str, finding: Finding) -> Result<Judgement, JudgeError> {
    match finding.outcome {
        Outcome::Failed => Ok(Judgement::Failed(finding)),
        Outcome::NotCheckable => Ok(Judgement::NotCheckable(finding.claim)),
        Outcome::Broken => Err(JudgeError::Broken { test: name.to_owned(), reason: finding.claim }),
    }
}

fn read(name: &str, path: &PathBuf) -> Result<Option<Finding>, JudgeError> {
    let json = match std::fs::read(path) {
        Ok(json) => json,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(JudgeError::Run { test: name.to_owned(), source }),
    };
    // The next test of this submission must not find it.
    std::fs::remove_file(path)
        .map_err(|source| JudgeError::Run { test: name.to_owned(), source })?;
    let finding = serde_json::from_slice(&json);
    finding.map(Some).map_err(|error| JudgeError::Unreadable {
        test: name.to_owned(),
        message: error.to_string(),
    })
}

/// A test that failed by an ordinary assertion: what it said is the evidence.
fn plain_failure(output: &str) -> Finding {
    let said =
        output.lines().filter(|line| !is_frame_of_libtest(line)).collect::<Vec<_>>().join("\n");
    Finding::wrong("an assertion of the test failed").seeing(said.trim())
}

fn is_frame_of_libtest(line: &str) -> bool {
    line.is_empty()
        || line.starts_with("running ")
        || line.starts_with("test result:")
        || line.starts_with("note: run with")
        || line == "failures:"
        || line.starts_with("error: test failed")
}

/// exercises/<lesson>/src/main.rs lies four levels below the course's root.
fn workspace_of(driver: &Path) -> &Path {
    driver.ancestors().nth(4).unwrap_or(driver)
}
