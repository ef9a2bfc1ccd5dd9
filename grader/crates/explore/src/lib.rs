//! Explores the `#[test]`s of any file or crate whose code is plain std, and runs a failing
//! schedule again.
//!
//! The code is compiled by rustc or cargo against the look-alike `interleave` in place of
//! std, and every test runs in a process of its own under limits: what is explored is not
//! trusted, and neither is what it reports about itself beyond its own verdict.

mod build;
mod escapes;
mod finding;
mod html;
mod limits;
mod model;
mod source;
mod tests;
mod witness;

use std::path::{Path, PathBuf};
use std::time::Duration;

use temporary::Temporary;

pub use build::BuildError;
pub use finding::{Effect, Finding, Step};
pub use html::html;
pub use model::{Model, ModelError};
pub use source::{Fingerprint, Source, SourceError};
pub use tests::RunError;
pub use witness::{HandedIn, Witness, WitnessError};

/// How thoroughly to explore.
#[derive(Clone, Copy, Debug, Default)]
pub struct Effort {
    /// Schedules per test; the look-alike's own number if absent.
    pub schedules: Option<usize>,
    /// What the choice of schedules depends on; 1 if absent.
    pub seed: Option<u64>,
    /// Real time per test; no bound but the limits if absent.
    pub time: Option<Duration>,
}

/// Why nothing was explored.
#[derive(Debug, thiserror::Error)]
pub enum ExploreError {
    /// The look-alike cannot be built.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The source does not compile.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A test binary cannot be run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// There is nothing to explore.
    #[error(
        "there is no #[test] in {}; write one that calls the code and asserts what must hold", .0.display()
    )]
    NoTests(PathBuf),
}

/// Explores every test of the file or crate at `target`, in the order of their names.
///
/// # Errors
///
/// If nothing could be explored. What the tests do is never an error.
pub fn explore(
    model: &Model,
    target: &Path,
    edition: &str,
    effort: Effort,
) -> Result<Vec<Finding>, ExploreError> {
    let source = Source::open(target)?;
    let place = Temporary::new(0o700).map_err(RunError::Place)?;
    let built = build::build(model, &source, edition, place.path())?;
    let notes = escapes::notes(&source);
    let mut findings = Vec::new();
    for binary in &built.binaries {
        let runner = tests::Runner { binary, crates: &built.crates, place: place.path() };
        for name in runner.list()? {
            let mut finding = runner.run(&name, effort, None)?;
            finding.file.clone_from(&binary.file);
            finding.notes.extend(notes.iter().cloned());
            findings.push(finding);
        }
    }
    if findings.is_empty() {
        return Err(ExploreError::NoTests(target.to_owned()));
    }
    findings.sort_by(|a, b| (&a.name, &a.file).cmp(&(&b.name, &b.file)));
    Ok(findings)
}

/// Runs the one schedule of `witness` again.
///
/// # Errors
///
/// If it cannot be run. That it does not fail any more is not an error.
pub fn replay(model: &Model, witness: &Witness) -> Result<Finding, ExploreError> {
    let source = Source::open(&witness.target)?;
    let place = Temporary::new(0o700).map_err(RunError::Place)?;
    let built = build::build(model, &source, &witness.edition, place.path())?;
    for binary in built.binaries.iter().filter(|binary| binary.file == witness.finding.file) {
        let runner = tests::Runner { binary, crates: &built.crates, place: place.path() };
        let name = &witness.finding.name;
        if runner.list()?.contains(name) {
            let schedule = witness.finding.schedule.as_deref();
            let mut finding = runner.run(name, Effort::default(), schedule)?;
            finding.file.clone_from(&binary.file);
            return Ok(finding);
        }
    }
    Err(ExploreError::NoTests(witness.target.clone()))
}
