//! The look-alike, built once by cargo and found again by the fingerprint of its source.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::source::{SourceError, collect, fingerprint};

/// The look-alike, ready to be linked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Model {
    /// Names its source and the compiler: another look-alike, another name.
    pub stamp: String,
    /// Its library.
    pub library: PathBuf,
    /// What it depends on.
    pub dependencies: PathBuf,
}

/// Why the look-alike cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Its source is nowhere.
    #[error(
        "the crate `interleave` is neither above {} nor above the grader itself; set INTERLEAVE_HOME to its folder",
        .0.display()
    )]
    NotFound(PathBuf),
    /// Its source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A tool cannot be started.
    #[error("cannot run {tool}: {source}; is Rust installed?")]
    Tool {
        /// Which.
        tool: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// It does not compile.
    #[error("the crate `interleave` cannot be built:\n{0}")]
    Build(String),
}

impl Model {
    /// Finds the look-alike above `here` or above the grader itself, and builds it unless
    /// that was done for the same source and compiler.
    ///
    /// # Errors
    ///
    /// If there is none, or it cannot be built.
    pub fn find(here: &Path) -> Result<Self, ModelError> {
        let package = package(here).ok_or_else(|| ModelError::NotFound(here.to_owned()))?;
        let target = package.parent().unwrap_or(&package).join("target/explore");
        let stamp = stamp(&package)?;
        let note = target.join(format!("{stamp}.json"));
        let known = std::fs::read_to_string(&note).ok();
        let known: Option<Self> = known.and_then(|text| serde_json::from_str(&text).ok());
        if let Some(model) = known.filter(|model| model.library.is_file()) {
            return Ok(model);
        }
        let model = build(&package, &target, stamp)?;
        if let Ok(text) = serde_json::to_string(&model) {
            // Only a shortcut: without it, cargo is asked again.
            let _ = std::fs::write(&note, text);
        }
        Ok(model)
    }
}

impl Model {
    /// Where cargo puts what is built with it.
    pub(crate) fn products(&self) -> PathBuf {
        let target = self.dependencies.ancestors().nth(2);
        target.unwrap_or(&self.dependencies).to_owned()
    }
}

fn package(here: &Path) -> Option<PathBuf> {
    if let Some(home) = std::env::var_os("INTERLEAVE_HOME") {
        return Some(home.into());
    }
    let grader = std::env::current_exe().ok();
    let above = here.ancestors().chain(grader.as_deref().into_iter().flat_map(Path::ancestors));
    above
        .map(|folder| folder.join("interleave"))
        .find(|package| package.join("Cargo.toml").is_file() && package.join("macros").is_dir())
}

fn stamp(package: &Path) -> Result<String, ModelError> {
    let mut files = vec![package.join("Cargo.toml"), package.join("macros/Cargo.toml")];
    collect(&package.join("src"), &mut files)?;
    collect(&package.join("macros/src"), &mut files)?;
    files
        .extend(package.parent().map(|root| root.join("Cargo.lock")).filter(|lock| lock.is_file()));
    files.sort();
    let compiler = output(Command::new("rustc").arg("-vV"), "rustc")?;
    let source = fingerprint(package, &files)?;
    let version: String =
        compiler.lines().filter_map(|line| line.strip_prefix("commit-hash: ")).collect();
    Ok(format!("{}-{}", source, version.get(..9).unwrap_or("unknown")))
}

fn build(package: &Path, target: &Path, stamp: String) -> Result<Model, ModelError> {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release", "--package", "interleave", "--message-format=json"])
        .arg("--manifest-path")
        .arg(package.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target);
    let messages = output(&mut cargo, "cargo")?;
    let library = messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_model =
            message["reason"] == "compiler-artifact" && message["target"]["name"] == "interleave";
        let files = message["filenames"].as_array().filter(|_| is_model)?;
        files
            .iter()
            .filter_map(|file| file.as_str())
            .find(|file| file.ends_with(".rlib"))
            .map(PathBuf::from)
    });
    let library = library.ok_or_else(|| ModelError::Build("cargo names no library".to_owned()))?;
    let dependencies = target.join("release/deps");
    Ok(Model { stamp, library, dependencies })
}

fn output(command: &mut Command, tool: &'static str) -> Result<String, ModelError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| ModelError::Tool { tool, source })?;
    if !output.status.success() {
        return Err(ModelError::Build(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
