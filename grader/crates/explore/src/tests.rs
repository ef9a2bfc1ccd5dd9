//! Runs explored tests, each in a process of its own.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use observation::Verdict;

use crate::Effort;
use crate::build::Binary;
use crate::finding::Finding;
use crate::limits::limited;

/// Why a test could not be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// There is no place to work in.
    #[error("cannot make a temporary folder: {0}")]
    Place(std::io::Error),
    /// A process cannot be started.
    #[error("cannot start the tests: {0}")]
    Start(std::io::Error),
    /// A report cannot be read.
    #[error("the report of `{name}` cannot be read: {message}")]
    Report {
        /// The test.
        name: String,
        /// Why.
        message: String,
    },
}

/// Runs the tests of one executable.
pub(crate) struct Runner<'a> {
    pub(crate) binary: &'a Binary,
    /// The crates whose statics start anew in each schedule.
    pub(crate) crates: &'a [String],
    /// Where reports go.
    pub(crate) place: &'a Path,
}

impl Runner<'_> {
    /// The names of the tests that are not ignored.
    pub(crate) fn list(&self) -> Result<Vec<String>, RunError> {
        let names = |ignored: &[&str]| {
            let output = limited(&self.binary.path)
                .args(["--list", "--format=terse"])
                .args(ignored)
                .stdin(Stdio::null())
                .output()
                .map_err(RunError::Start)?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let tests = text.lines().filter_map(|line| line.strip_suffix(": test"));
            Ok::<Vec<String>, RunError>(tests.map(str::to_owned).collect())
        };
        let (mut all, ignored) = (names(&[])?, names(&["--ignored"])?);
        all.retain(|name| !ignored.contains(name));
        Ok(all)
    }

    /// Explores the test `name`, or runs one given schedule of it.
    pub(crate) fn run(
        &self,
        name: &str,
        effort: Effort,
        schedule: Option<&str>,
    ) -> Result<Finding, RunError> {
        let reports = self.place.join("reports");
        std::fs::create_dir_all(&reports).map_err(RunError::Place)?;
        let report = reports.join(format!("{name}.json"));
        let _ = std::fs::remove_file(&report);

        let mut test = limited(&self.binary.path);
        test.args([name, "--exact", "--nocapture", "--test-threads=1"])
            .env("INTERLEAVE_FINDING_FILE_DIR", &reports)
            .env("INTERLEAVE_CRATES", self.crates.join(","))
            .env("CARGO_MANIFEST_DIR", &self.binary.folder)
            .env("RUST_BACKTRACE", "0")
            .current_dir(&self.binary.folder)
            .stdin(Stdio::null());
        let settings = [
            ("INTERLEAVE_SCHEDULES", effort.schedules.map(|schedules| schedules.to_string())),
            ("INTERLEAVE_STEPS", None),
            ("INTERLEAVE_EXHAUSTIVE", None),
            ("INTERLEAVE_SEED", effort.seed.map(|seed| seed.to_string())),
            ("INTERLEAVE_TIME_MS", effort.time.map(|time| time.as_millis().to_string())),
            ("INTERLEAVE_REPLAY", schedule.map(str::to_owned)),
        ];
        for (variable, value) in settings {
            test.env_remove(variable);
            test.envs(value.map(|value| (variable, value)));
        }
        let output = test.output().map_err(RunError::Start)?;
        let Ok(text) = std::fs::read_to_string(&report) else {
            return Ok(unreported(name, output.status, &output.stderr));
        };
        serde_json::from_str(&text)
            .map_err(|error| RunError::Report { name: name.to_owned(), message: error.to_string() })
    }
}

fn unreported(name: &str, status: ExitStatus, errors: &[u8]) -> Finding {
    let errors = String::from_utf8_lossy(errors);
    let tail: Vec<&str> = errors.lines().rev().take(3).collect();
    let tail: Vec<&str> = tail.into_iter().rev().collect();
    let (verdict, how) = match (status.signal(), status.code()) {
        (Some(24), _) => (Verdict::Timeout, "used more processor time than it may".to_owned()),
        (Some(signal), _) => (Verdict::Crash, format!("was ended by signal {signal}")),
        (None, code) => (
            Verdict::Crash,
            format!("ended with exit code {} and did not report", code.unwrap_or(-1)),
        ),
    };
    Finding::unreported(name, verdict, format!("the exploration {how}: {}", tail.join(" / ")))
}
