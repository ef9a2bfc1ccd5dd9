//! What both benchmarks of grading need: costs, and the usual loop.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::bail;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// Each copy of the course has a target folder of its own.
const TARGET: &str = "CARGO_TARGET_DIR";

/// What some work took.
pub(crate) struct Cost {
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
}

/// The cost of `work` in all the processes that it starts and waits for.
pub(crate) fn measure(work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Cost> {
    let (before, started) = (children()?, Instant::now());
    work()?;
    Ok(Cost { cpu: children()? - before, wall: started.elapsed() })
}

pub(crate) fn children() -> anyhow::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let of = |time: TimeVal| Duration::new(time.tv_sec() as u64, time.tv_usec() as u32 * 1000);
    Ok(of(usage.user_time()) + of(usage.system_time()))
}

/// A copy of the course of its own, whose exercise can be written over.
pub(crate) fn usual_root(root: &Path, scratch: &Path) -> anyhow::Result<PathBuf> {
    let copy = scratch.join("usual");
    std::fs::create_dir_all(&copy)?;
    for part in [
        "Cargo.toml",
        "Cargo.lock",
        "course.yaml",
        "exercises",
        "grader",
        "kit",
        "stage",
        "tests",
        "interleave",
    ] {
        if root.join(part).exists() {
            run(Command::new("cp").arg("-r").arg(root.join(part)).arg(&copy))?;
        }
    }
    Ok(copy)
}

/// Copies the file into the exercise and runs all of its tests by cargo, whatever comes of
/// them: who grades needs each.
pub(crate) fn usual_loop(root: &Path, lesson: &str, source: &str) -> anyhow::Result<()> {
    std::fs::write(root.join(format!("exercises/{lesson}/src/lib.rs")), source)?;
    let mut cargo = Command::new("cargo");
    cargo
        .args(["test", "-q", "--no-fail-fast", "-p", lesson])
        .current_dir(root)
        .env_remove(TARGET)
        .stdin(Stdio::null());
    cargo.output()?;
    Ok(())
}

/// Runs to the end and returns standard output; a failure is an error with both streams.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<String> {
    let output = command.env_remove(TARGET).stdin(Stdio::null()).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("{command:?} failed:\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(text)
}
