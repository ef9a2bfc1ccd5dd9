//! What is explored: a file or a crate, and a fingerprint of its text.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A file or a crate that can be read.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file, or the folder of the crate; absolute.
    pub path: PathBuf,
    /// Whether it is a crate.
    pub is_crate: bool,
    /// Its Rust files and, for a crate, its manifest; sorted.
    pub files: Vec<PathBuf>,
}

/// Names the text of a source: other text, other fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.get(..12).unwrap_or(&self.0))
    }
}

/// Why a source cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Nothing can be read there.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// What.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Neither a Rust file nor a crate.
    #[error("{} is neither a .rs file nor a folder with a Cargo.toml", .0.display())]
    NeitherFileNorCrate(PathBuf),
}

impl Source {
    /// The file or crate at `path`.
    ///
    /// # Errors
    ///
    /// If it is neither.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let failed = |source| SourceError::Read { path: path.to_owned(), source };
        let path = path.canonicalize().map_err(failed)?;
        if path.is_file() && path.extension().is_some_and(|extension| extension == "rs") {
            return Ok(Self { files: vec![path.clone()], path, is_crate: false });
        }
        if !path.join("Cargo.toml").is_file() {
            return Err(SourceError::NeitherFileNorCrate(path));
        }
        let mut files = vec![path.join("Cargo.toml")];
        collect(&path, &mut files)?;
        files.sort();
        files.dedup();
        Ok(Self { path, is_crate: true, files })
    }

    /// The fingerprint of its text.
    ///
    /// # Errors
    ///
    /// If a file cannot be read.
    pub fn fingerprint(&self) -> Result<Fingerprint, SourceError> {
        fingerprint(&self.path, &self.files)
    }
}

/// The fingerprint of `files`, under names relative to `root`.
pub(crate) fn fingerprint(root: &Path, files: &[PathBuf]) -> Result<Fingerprint, SourceError> {
    let mut hash = Sha256::new();
    for path in files {
        let text = std::fs::read(path)
            .map_err(|source| SourceError::Read { path: path.clone(), source })?;
        let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy();
        for part in [name.as_bytes(), text.as_slice()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    let digest = hash.finalize();
    Ok(Fingerprint(digest.iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// Adds the Rust files below `folder`, without build products and hidden folders.
pub(crate) fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), SourceError> {
    let failed = |source| SourceError::Read { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if kind.is_dir() && name != "target" && !name.starts_with('.') {
            collect(&path, files)?;
        } else if kind.is_file() && name.ends_with(".rs") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_changes_with_the_text_and_not_with_the_folder() {
        let prints: Vec<Fingerprint> = ["fn a() {}", "fn b() {}", "fn a() {}"]
            .map(|text| {
                let folder = tempfile::tempdir().unwrap();
                let file = folder.path().join("x.rs");
                std::fs::write(&file, text).unwrap();
                fingerprint(folder.path(), &[file]).unwrap()
            })
            .into();
        assert_ne!(prints[0], prints[1]);
        assert_eq!(prints[0], prints[2]);
    }
}
