//! From source to test binaries that explore.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

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

/// What was built.
pub(crate) struct Built {
    pub(crate) binaries: Vec<Binary>,
    /// The crates whose code is under test.
    pub(crate) crates: Vec<String>,
}

/// One executable of tests.
pub(crate) struct Binary {
    pub(crate) path: PathBuf,
    /// The file that it is made from, within a crate.
    pub(crate) file: Option<PathBuf>,
    /// Where its tests expect to run.
    pub(crate) folder: PathBuf,
}

/// Compiles `source` with the look-alike in place of std and core. Products lie in `place`.
pub(crate) fn build(
    model: &Model,
    source: &Source,
    edition: &str,
    place: &Path,
) -> Result<Built, BuildError> {
    if source.is_crate {
        build_crate(model, source)
    } else {
        let path = build_file(model, source, edition, place)?;
        let folder = source.path.parent().unwrap_or(place).to_owned();
        Ok(Built {
            binaries: vec![Binary { path, file: None, folder }],
            crates: vec!["explored".to_owned()],
        })
    }
}

/// What makes `std` and `core` mean the look-alike.
fn model_arguments(model: &Model) -> [String; 3] {
    let library = model.library.display();
    [
        format!("--extern=std={library}"),
        format!("--extern=core={library}"),
        format!("-Ldependency={}", model.dependencies.display()),
    ]
}

fn build_file(
    model: &Model,
    source: &Source,
    edition: &str,
    place: &Path,
) -> Result<PathBuf, BuildError> {
    let failed = |error| BuildError::Host { path: source.path.clone(), source: error };
    let binary = place.join("tests");
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--test", "--edition", edition, "--cap-lints", "allow", "--crate-name", "explored"])
        .args(["-C", "debuginfo=none", "-C", "strip=debuginfo", "-C", "opt-level=0"])
        .args(model_arguments(model))
        .arg("-o")
        .arg(&binary)
        .arg(&source.path);
    let output = rustc.stdin(Stdio::null()).output().map_err(failed)?;
    if output.status.success() {
        return Ok(binary);
    }
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(BuildError::Refused { path: source.path.clone(), message })
}

/// Builds the crate where it is, with cargo. The compiler is called through a script that makes
/// `std` and `core` mean the look-alike in the crate's own library and tests and nowhere else, so
/// that nothing in the crate is changed and its dependencies stay as they are.
///
/// Cargo reads the crate's own manifest and runs its build scripts, so this is for crates of
/// one's own, never for submissions.
fn build_crate(model: &Model, source: &Source) -> Result<Built, BuildError> {
    let failed = |error| BuildError::Host { path: source.path.clone(), source: error };
    let products = model.products();
    let compiler = write_compiler(model, &products).map_err(failed)?;
    let output = Command::new("cargo")
        .args(["test", "--no-run", "--lib", "--bins", "--tests"])
        .arg("--message-format=json-render-diagnostics")
        .arg("--target-dir")
        .arg(products.join("crates"))
        .env("RUSTC_WORKSPACE_WRAPPER", compiler)
        .current_dir(&source.path)
        .stdin(Stdio::null())
        .output()
        .map_err(failed)?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(BuildError::Refused { path: source.path.clone(), message });
    }
    Ok(built(&source.path, &String::from_utf8_lossy(&output.stdout)))
}

/// What cargo says that it has built of the crate in `folder`.
fn built(folder: &Path, messages: &str) -> Built {
    let mut built = Built { binaries: Vec::new(), crates: Vec::new() };
    for artifact in messages.lines().filter_map(|line| serde_json::from_str::<Artifact>(line).ok())
    {
        if artifact.manifest_path.starts_with(folder) {
            built.crates.push(artifact.target.name.replace('-', "_"));
            let file = artifact.target.src_path;
            built.binaries.extend(artifact.executable.map(|path| Binary {
                path,
                file: Some(file.strip_prefix(folder).unwrap_or(&file).to_owned()),
                folder: artifact.manifest_path.parent().unwrap_or(folder).to_owned(),
            }));
        }
    }
    built.crates.sort();
    built.crates.dedup();
    built
}

/// One of cargo's messages: something that it has built.
#[derive(Deserialize)]
struct Artifact {
    manifest_path: PathBuf,
    target: Target,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    src_path: PathBuf,
}

/// The script that cargo calls instead of rustc for the crate itself. Build scripts and
/// procedural macros run in the compiler's world, with the real std.
fn write_compiler(model: &Model, products: &Path) -> std::io::Result<PathBuf> {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let arguments = model_arguments(model).map(|argument| quoted(&argument)).join(" ");
    let script = format!(
        "#!/bin/sh\nfor word in \"$@\"; do\n  case \"$word\" in\n    \
         proc-macro|build_script_*) exec \"$@\" ;;\n  esac\ndone\nexec \"$@\" {arguments}\n"
    );
    // Cargo builds again what another compiler has built, so its name says which look-alike.
    let path = products.join(format!("rustc-{}", model.stamp));
    if std::fs::read_to_string(&path).ok().as_ref() != Some(&script) {
        let file = tempfile::Builder::new()
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .tempfile_in(products)?;
        std::fs::write(file.path(), &script)?;
        file.into_temp_path().persist(&path)?;
    }
    Ok(path)
}
