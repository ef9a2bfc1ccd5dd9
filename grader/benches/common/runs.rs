//! Which runs the tests of a lesson make of its program, and what these take without any test.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::Value;

use crate::common::run;

/// Runs that their tests see standing still are ended after this time, which is processor time of
/// nobody.
const STANDS_STILL: Duration = Duration::from_millis(200);

/// The arguments of each run that the tests of `lesson` make of its program with `source` as the
/// submission, explorations apart.
///
/// `root` is a course of its own. A script that writes its arguments down takes the place of the
/// program there.
pub(crate) fn runs_of(
    root: &Path,
    lesson: &str,
    source: &str,
    scratch: &Path,
) -> anyhow::Result<Vec<Vec<String>>> {
    fs::write(root.join(format!("exercises/{lesson}/src/lib.rs")), source)?;
    let (program, tests) = executables(root, lesson)?;
    let (log, own) = (scratch.join(format!("{lesson}.runs")), program.with_extension("own"));
    fs::rename(&program, &own)?;
    let (log_there, own) = (log.display(), own.display());
    let script = format!(
        "#!/bin/sh\nIFS='\t'\nprintf '%s\\n' \"$*\" >> '{log_there}'\nexec '{own}' \"$@\"\n"
    );
    fs::write(&program, script)?;
    fs::set_permissions(&program, Permissions::from_mode(0o755))?;
    for test in tests {
        // A wrong one fails some.
        let folder = root.join("exercises").join(lesson);
        Command::new(test).current_dir(folder).stdin(Stdio::null()).output()?;
    }
    let arguments = |line: &str| line.split('\t').map(str::to_owned).collect();
    let runs = fs::read_to_string(&log)?.lines().map(arguments).collect();
    fs::remove_file(log)?;
    Ok(runs)
}

/// The program of a lesson, and its tests but for those that explore.
fn executables(root: &Path, lesson: &str) -> anyhow::Result<(PathBuf, Vec<PathBuf>)> {
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--no-run", "--message-format=json", "-p", lesson]).current_dir(root);
    let (mut program, mut tests) = (None, Vec::new());
    for message in run(&mut cargo)?.lines().map(serde_json::from_str::<Value>) {
        let message = message?;
        let Some(executable) = message["executable"].as_str().map(PathBuf::from) else { continue };
        match (message["target"]["kind"][0].as_str(), message["target"]["name"].as_str()) {
            (Some("test"), Some("explored")) => {}
            (Some("test"), _) => tests.push(executable),
            (Some("bin"), _) if message["profile"]["test"] == false => program = Some(executable),
            _ => {}
        }
    }
    if tests.is_empty() {
        bail!("{lesson} has no tests that run its program");
    }
    Ok((program.context("a lesson with a program")?, tests))
}

/// Runs `program` to its end, or to its standing still. Whatever it started ends with it.
pub(crate) fn alone(program: &OsStr, arguments: &[String]) -> anyhow::Result<()> {
    let mut command = Command::new(program);
    let mut child = command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    let group = Pid::from_raw(child.id().cast_signed());
    let started = Instant::now();
    while child.try_wait()?.is_none() {
        if started.elapsed() > STANDS_STILL {
            killpg(group, Signal::SIGKILL)?;
            child.wait()?;
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}
