//! From source to test binaries that explore.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::model::Model;
use crate::source::Source;

/// Why there is no test binary.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// rustc or cargo refuses it, in their own words.
    #[error("{} does not compile against the look-alike of std:\n{message}", path.display())]
    Refused {
        /// What.
        path: PathBuf,
        /// The compiler's words.
        message: String,
    },
    /// A tool or a file is in the way.
    #[error("cannot build {}: {source}", path.display())]
    Host {
        /// What.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Compiles `source` with the look-alike in place of std. Products lie in `place`.
pub(crate) fn build(
    model: &Model,
    source: &Source,
    edition: &str,
    place: &Path,
) -> Result<Vec<PathBuf>, BuildError> {
    let failed = |error| BuildError::Host { path: source.path.clone(), source: error };
    if source.is_crate {
        build_crate(model, source, place)
    } else {
        let binary = place.join("tests");
        let mut rustc = Command::new("rustc");
        rustc
            .args([
                "--test",
                "--edition",
                edition,
                "--cap-lints",
                "allow",
                "--crate-name",
                "explored",
            ])
            .args(["-C", "debuginfo=line-tables-only", "-C", "opt-level=0"])
            .arg(format!("--extern=std={}", model.library.display()))
            .arg(format!("-Ldependency={}", model.dependencies.display()))
            .arg("-o")
            .arg(&binary)
            .arg(&source.path);
        let output = rustc.stdin(Stdio::null()).output().map_err(failed)?;
        if output.status.success() {
            Ok(vec![binary])
        } else {
            let message = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(BuildError::Refused { path: source.path.clone(), message })
        }
    }
}

/// Builds a copy of the crate whose manifest has the look-alike as the dependency `std`: its
/// library, unit tests and integration tests then all mean the look-alike by `std`, while its
/// dependencies keep the real one. Cargo reads the crate's own manifest, so this is for
/// crates of one's own, never for submissions.
fn build_crate(model: &Model, source: &Source, place: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let failed = |error| BuildError::Host { path: source.path.clone(), source: error };
    let copy = place.join("crate");
    for file in &source.files {
        let name = file.strip_prefix(&source.path).unwrap_or(file);
        let to = copy.join(name);
        std::fs::create_dir_all(to.parent().unwrap_or(&copy)).map_err(failed)?;
        std::fs::copy(file, to).map_err(failed)?;
    }
    let manifest = std::fs::read_to_string(source.path.join("Cargo.toml")).map_err(failed)?;
    let manifest = with_model(&manifest, &source.path, &model.package);
    std::fs::write(copy.join("Cargo.toml"), manifest).map_err(failed)?;
    for lock in [source.path.join("Cargo.lock")] {
        if lock.is_file() {
            std::fs::copy(lock, copy.join("Cargo.lock")).map_err(failed)?;
        }
    }
    let output = Command::new("cargo")
        .args([
            "test",
            "--no-run",
            "--lib",
            "--bins",
            "--tests",
            "--message-format=json-render-diagnostics",
        ])
        .args(["--config", "profile.dev.package.\"*\".opt-level=3"])
        .arg("--target-dir")
        .arg(model.dependencies.ancestors().nth(2).unwrap_or(place).join("crates"))
        .current_dir(&copy)
        .stdin(Stdio::null())
        .output()
        .map_err(failed)?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(BuildError::Refused { path: source.path.clone(), message });
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    };
    Ok(messages.lines().filter_map(executable).collect())
}

/// The manifest with the look-alike as `std`, its own workspace, and absolute paths.
fn with_model(manifest: &str, folder: &Path, package: &Path) -> String {
    let mut text = String::new();
    for line in manifest.lines() {
        text.push_str(&absolute_path(line, folder));
        text.push('\n');
    }
    let package = format!("{:?}", package.display().to_string());
    text.push_str(&format!("\n[dependencies.std]\npackage = \"interleave\"\npath = {package}\n"));
    if !manifest.lines().any(|line| line.trim_start().starts_with("[workspace")) {
        text.push_str("\n[workspace]\n");
    }
    text
}

/// `path = "../x"` with the folder of the manifest before it, in dependencies that lie outside.
fn absolute_path(line: &str, folder: &Path) -> String {
    let Some((before, after)) = line.split_once("path = \"..") else { return line.to_owned() };
    format!("{before}path = \"{}/..{after}", folder.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_gets_the_look_alike_after_what_it_has() {
        let manifest = "[package]\nname = \"a\"\n[dependencies]\nb = { path = \"../b\" }\n";
        let text = with_model(manifest, Path::new("/x/a"), Path::new("/y/interleave"));
        assert_eq!(
            text,
            "[package]\nname = \"a\"\n[dependencies]\nb = { path = \"/x/a/../b\" }\n\n\
             [dependencies.std]\npackage = \"interleave\"\npath = \"/y/interleave\"\n\n[workspace]\n"
        );
    }
}
