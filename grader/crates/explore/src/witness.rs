//! A failure on file: enough to run it again, and to notice that the source has changed.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::source::{Fingerprint, Source, SourceError};

/// The version of the serialised form.
const SCHEMA: &str = "interleave/witness/v1";

/// One failing schedule of one test of one version of a source.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Witness {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The file or crate.
    pub target: PathBuf,
    /// Its text at the time.
    pub fingerprint: Fingerprint,
    /// The edition that it was compiled with, if it is a file.
    pub edition: String,
    /// The submission, if the target is a test of a course that takes one in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed_in: Option<HandedIn>,
    /// What was found.
    pub finding: Finding,
}

/// A submission, whole: what students hand in changes, a witness does not.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HandedIn {
    /// Who handed it in.
    pub student: String,
    /// For which lesson.
    pub lesson: String,
    /// Its files: where they belong in the exercise, and their text.
    pub files: Vec<(PathBuf, String)>,
}

/// Why a witness is of no use.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// It cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is none.
    #[error("{} is no witness: {message}", path.display())]
    Format {
        /// Which.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The source is another one by now.
    #[error(
        "this witness is for another version of {}: it was found in {expected}, and the text is {found} now; \
         explore again", target.display()
    )]
    OtherVersion {
        /// The file or crate.
        target: PathBuf,
        /// The text's fingerprint in the witness.
        expected: Fingerprint,
        /// The text's fingerprint now.
        found: Fingerprint,
    },
}

impl Witness {
    /// The witness of `finding`.
    ///
    /// # Errors
    ///
    /// If the source cannot be read any more.
    pub fn new(target: &Path, edition: &str, finding: Finding) -> Result<Self, WitnessError> {
        let source = Source::open(target)?;
        Ok(Self {
            schema: SCHEMA.to_owned(),
            fingerprint: source.fingerprint()?,
            target: source.path,
            edition: edition.to_owned(),
            handed_in: None,
            finding,
        })
    }

    /// The witness of `finding` about a submission, by the test at `target`.
    ///
    /// # Errors
    ///
    /// If the test cannot be read any more.
    pub fn of_submission(
        target: &Path,
        handed_in: HandedIn,
        finding: Finding,
    ) -> Result<Self, WitnessError> {
        let witness = Self::new(target, "2024", finding)?;
        Ok(Self { handed_in: Some(handed_in), ..witness })
    }

    /// What a witness of the test `name` is called.
    pub fn file_name(name: &str) -> String {
        let safe = |letter: char| {
            if letter.is_alphanumeric() || matches!(letter, '_' | '.') { letter } else { '-' }
        };
        let name: String = name.replace("::", ".").chars().map(safe).collect();
        format!("{name}.witness.json")
    }

    /// Writes it into `folder`, under the name of its test and, within a crate, of the file
    /// that this is in.
    ///
    /// # Errors
    ///
    /// If that is not possible.
    pub fn write(&self, folder: &Path) -> Result<PathBuf, WitnessError> {
        let Finding { name, file, .. } = &self.finding;
        let name = match file {
            Some(file) => format!("{}::{name}", file.with_extension("").display()),
            None => name.clone(),
        };
        let path = folder.join(Self::file_name(&name));
        let failed = |source| WitnessError::File { path: path.clone(), source };
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(error.into()))?;
        std::fs::create_dir_all(folder).map_err(failed)?;
        std::fs::write(&path, text).map_err(failed)?;
        Ok(path)
    }

    /// Reads one, and checks that its source is still the same.
    ///
    /// # Errors
    ///
    /// If it is none, or its source has changed.
    pub fn read(path: &Path) -> Result<Self, WitnessError> {
        let failed = |source| WitnessError::File { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(failed)?;
        let format = |message: String| WitnessError::Format { path: path.to_owned(), message };
        let witness: Self =
            serde_json::from_str(&text).map_err(|error| format(error.to_string()))?;
        if witness.schema != SCHEMA {
            return Err(format(format!("its schema is `{}`, not `{SCHEMA}`", witness.schema)));
        }
        let found = Source::open(&witness.target)?.fingerprint()?;
        if found != witness.fingerprint {
            return Err(WitnessError::OtherVersion {
                target: witness.target,
                expected: witness.fingerprint,
                found,
            });
        }
        Ok(witness)
    }
}
