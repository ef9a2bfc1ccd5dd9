//! One grading as a process of its own, so that a server can end it and outlives it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;
use intake::SourceFile;
use platforms::Platform;
use temporary::Temporary;

/// Grades `files` for `lesson` in the words of `platform`; none if nothing could be said.
pub(crate) fn grade(
    platform: Platform,
    bundle: &Path,
    lesson: &str,
    files: &[SourceFile],
    limit: u64,
) -> anyhow::Result<Option<String>> {
    let folder = Temporary::new(0o700).context("cannot make a folder for a submission")?;
    let exercise = folder.path().join("exercises").join(lesson);
    for file in files {
        let path = exercise.join(&file.path);
        let written = std::fs::create_dir_all(path.parent().unwrap_or(&exercise))
            .and_then(|()| std::fs::write(&path, &file.text));
        written.with_context(|| format!("cannot write {}; is the disk full?", path.display()))?;
    }
    let executable = std::env::current_exe().context("cannot find the grader's own executable")?;
    let limit = limit.to_string();
    let mut child = Command::new(executable);
    child.args(["at", platform.as_str(), "--lesson", lesson, "--limit", &limit, "--bundle"]);
    child.args([bundle.as_os_str(), OsStr::new("--submission"), folder.path().as_os_str()]);
    let done = child.stdin(Stdio::null()).output().context("cannot start the grader")?;
    let said = String::from_utf8_lossy(&done.stdout).trim().to_owned();
    if !done.status.success() || said.is_empty() {
        eprintln!("{lesson} was not graded: {}", String::from_utf8_lossy(&done.stderr).trim());
        return Ok(None);
    }
    Ok(Some(said))
}
