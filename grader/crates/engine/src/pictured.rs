//! Runs the failures that a course's book shows.

use std::path::Path;

use course::{Lesson, LessonId};
use jail::Slot;
use observation::{Observation, Verdict};
use thiserror::Error;

use crate::Workshop;
use crate::check::{CheckError, Expected, specimens_of};
use crate::grade::GradeError;

/// A run of a known-wrong submission.
#[derive(Clone, Debug)]
pub struct Pictured {
    /// The lesson.
    pub lesson: LessonId,
    /// The folder of the submission: `two-critical-sections`.
    pub name: String,
    /// What its author got wrong, in a line.
    pub about: String,
    /// The verdict on it.
    pub verdict: Verdict,
    /// What was seen of the run.
    pub run: Observation,
}

/// Why a run cannot be shown.
#[derive(Debug, Error)]
pub enum PictureError {
    /// The course's submissions cannot be read.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// One of them could not be built or run.
    #[error("{part}: {source}")]
    Run {
        /// Which.
        part: String,
        /// Why.
        source: GradeError,
    },
    /// One of them does not compile, so there is nothing to show.
    #[error(
        "{0} does not compile, so there is no run to draw; take `picture` out of its expect.yaml"
    )]
    Refused(String),
}

/// Runs each submission to `lessons` whose `expect.yaml` has `picture`, with the arguments given there.
pub fn pictured(
    root: &Path,
    workshop: &Workshop,
    lessons: &[&Lesson],
) -> Result<Vec<Pictured>, PictureError> {
    let mut shown = Vec::new();
    for lesson in lessons {
        for (submission, specimen) in specimens_of(root, lesson)? {
            let Expected::Exactly(expectation) = specimen.expected else { continue };
            let Some(arguments) = expectation.picture else { continue };
            let part = specimen.part;
            let files = submission.read();
            let run = workshop.observe(&lesson.id, &files, &arguments, Slot(0));
            let run = run.map_err(|source| PictureError::Run { part: part.clone(), source })?;
            shown.push(Pictured {
                lesson: lesson.id.clone(),
                name: part.rsplit('/').next().unwrap_or(&part).to_owned(),
                about: expectation.about,
                verdict: expectation.verdict,
                run: run.ok_or(PictureError::Refused(part))?,
            });
        }
    }
    Ok(shown)
}
