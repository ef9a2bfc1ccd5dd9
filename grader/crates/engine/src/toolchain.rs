//! Finds the compiler that builds submissions.

use std::path::{Path, PathBuf};
use std::process::Command;

use thiserror::Error;

/// The compiler that builds submissions, by its real path.
///
/// Not the `rustc` on the path: that may be a shim that reads files beside what
/// it compiles, and those are a student's.
#[derive(Clone, Debug)]
pub struct Toolchain {
    sysroot: PathBuf,
    rustc: PathBuf,
    version: String,
}

/// Why there is no compiler.
#[derive(Debug, Error)]
pub enum ToolchainError {
    /// The command cannot be run.
    #[error("cannot run `{command}`: {source}; install Rust, and see that `rustc` is on the path")]
    Run {
        /// What was tried.
        command: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The command failed.
    #[error("`{command}` failed: {message}")]
    Failed {
        /// What was tried.
        command: &'static str,
        /// What it said.
        message: String,
    },
}

impl Toolchain {
    /// Finds the toolchain that `rustc` in `root` stands for.
    pub fn find(root: &Path) -> Result<Self, ToolchainError> {
        let sysroot = PathBuf::from(ask(root, "rustc --print sysroot", &["--print", "sysroot"])?);
        let version = ask(root, "rustc --version", &["--version"])?;
        Ok(Self { rustc: sysroot.join("bin/rustc"), sysroot, version })
    }

    /// The folder that holds all of it.
    pub fn sysroot(&self) -> &Path {
        &self.sysroot
    }

    /// The compiler itself.
    pub fn rustc(&self) -> &Path {
        &self.rustc
    }

    /// What it calls itself: `rustc 1.95.0 (59807616e 2026-04-14)`.
    pub fn version(&self) -> &str {
        &self.version
    }
}

fn ask(root: &Path, command: &'static str, args: &[&str]) -> Result<String, ToolchainError> {
    let asked = Command::new("rustc").args(args).current_dir(root).output();
    let output = asked.map_err(|source| ToolchainError::Run { command, source })?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(ToolchainError::Failed { command, message });
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
