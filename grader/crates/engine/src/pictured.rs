//! Runs the failures that a course's book shows.

use std::path::Path;

use course::{Lesson, LessonId, Text};
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
    pub about: Text,
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
    /// There are no words for it in Chinese.
    #[error("{0} has a `picture`, so its expect.yaml needs `about_zh` as well, for the book")]
    Untold(String),
    /// Its runs show nothing of its mistake.
    #[error(
        "{part}: `picture` has to lead to a run that is a `{wanted}`, and of {RUNS} runs the last was \
         a `{seen}`; give it other arguments, or take it out of its expect.yaml"
    )]
    Nothing {
        /// Which.
        part: String,
        /// What its `expect.yaml` says that it is.
        wanted: Verdict,
        /// What the last run was, by the system's facts alone.
        seen: Verdict,
    },
}

/// A mistake that shows by luck has that many runs to do so.
const RUNS: usize = 40;

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
            let zh = expectation.about_zh.ok_or_else(|| PictureError::Untold(part.clone()))?;
            let about = Text { en: expectation.about, zh };
            let (wanted, files) = (expectation.verdict, submission.read());
            let run = workshop
                .observe_until(&lesson.id, &files, &arguments, RUNS, |run| run.verdict == wanted)
                .map_err(|source| PictureError::Run { part: part.clone(), source })?;
            let run = run.ok_or_else(|| PictureError::Refused(part.clone()))?;
            if run.verdict != wanted {
                return Err(PictureError::Nothing { part, wanted, seen: run.verdict });
            }
            shown.push(Pictured {
                lesson: lesson.id.clone(),
                name: part.rsplit('/').next().unwrap_or(&part).to_owned(),
                about,
                verdict: expectation.verdict,
                run,
            });
        }
    }
    Ok(shown)
}
