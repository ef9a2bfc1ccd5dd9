//! Where results come together: the journal, and what lies beside it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::Context;
use course::{Language, LessonId};
use engine::class::{Graded, Way, grade_class};
use engine::grade::Outcome;
use engine::{Workshop, score};
use explore::{HandedIn, Witness};
use intake::Submission;
use records::journal::{Journal, Place};
use records::{Digest, Hasher};

use crate::output;
use crate::progress::Progress;
use crate::results::{Record, Row};

/// The version of the grader.
pub(super) const GRADER: &str = env!("CARGO_PKG_VERSION");

/// Whose attempt at which lesson: student, lesson, number.
type Key = (String, LessonId, u32);

/// Where results come together.
pub(super) struct Desk {
    out: PathBuf,
    pub(super) journal: Journal,
    language: Language,
    /// What an earlier run that did not come to its end has left.
    earlier: HashMap<Key, (Row, Place)>,
}

impl Desk {
    /// Opens the journal in `out`, which nobody else writes to from then on.
    pub(super) fn open(out: &Path, root: &Path, language: Language) -> anyhow::Result<Self> {
        let circumstances = circumstances(root, language)?;
        let path = out.join("journal");
        let (journal, opened) = Journal::open(&path, circumstances, Row::of)?;
        if opened.damaged > 0 {
            eprintln!(
                "{} records of the journal were damaged; these are graded again",
                opened.damaged
            );
        }
        let earlier: HashMap<Key, (Row, Place)> =
            opened.records.into_iter().map(|(row, place)| (key(&row), (row, place))).collect();
        if !earlier.is_empty() {
            eprintln!("going on with a run that was stopped; results kept: {}", earlier.len());
        }
        Ok(Self { out: out.to_owned(), journal, language, earlier })
    }

    /// Grades what is not there yet; returns all rows, fewer than submissions if it was stopped.
    pub(super) fn grade(
        &self,
        workshop: &Workshop,
        submissions: &[Submission],
        way: Way<'_>,
    ) -> anyhow::Result<Vec<(Row, Place)>> {
        let progress = Progress::of(submissions.len());
        let rows = Mutex::new(Vec::with_capacity(submissions.len()));
        let add = |row| rows.lock().expect("nobody panics while holding this").push(row);
        let kept = |submission: &Submission, digest: &Digest| {
            let key = key_of(submission);
            let found = self.earlier.get(&key).filter(|(row, _)| row.is_of(submission, digest));
            found.cloned().map(add).is_some()
        };
        let take = |graded: &Graded<'_>| -> anyhow::Result<()> {
            let lesson = workshop.lesson(&graded.submission.lesson);
            let record = Record {
                digest: graded.digest,
                attempt: graded.submission.attempt.number,
                result: score::score(graded, lesson, self.language),
            };
            output::draw(&self.out, &record.result)?;
            write_witnesses(&self.out, workshop, graded)?;
            let place = self.journal.append(&record)?;
            add((Row::of(record), place));
            Ok(())
        };
        let done =
            grade_class(workshop, submissions, way, &kept, &take, &|event| progress.tell(event));
        progress.finish();
        done?;
        Ok(rows.into_inner().expect("nobody panics while holding this"))
    }
}

/// Writes what `grader replay` needs to run each failing schedule of a submission again.
fn write_witnesses(out: &Path, workshop: &Workshop, graded: &Graded<'_>) -> anyhow::Result<()> {
    let submission = graded.submission;
    let (Ok(Outcome::Judged { explorations, .. }), Some(test)) =
        (&graded.outcome, workshop.explored(&submission.lesson))
    else {
        return Ok(());
    };
    for found in explorations.iter().filter(|found| found.schedule.is_some()) {
        let Ok(files) = submission.read() else { return Ok(()) };
        let handed_in = HandedIn {
            student: submission.student.to_string(),
            lesson: submission.lesson.to_string(),
            files: files.into_iter().map(|file| (file.path, file.text)).collect(),
        };
        let path = out.join(score::witness(submission, &found.name));
        let folder = path.parent().unwrap_or(out);
        Witness::of_submission(test, handed_in, found.clone())?.write(folder)?;
    }
    Ok(())
}

fn key(row: &Row) -> Key {
    (row.result.student.clone(), row.result.lesson.clone(), row.attempt)
}

fn key_of(submission: &Submission) -> Key {
    (submission.student.to_string(), submission.lesson.clone(), submission.attempt.number)
}

/// What a score depends on besides the outcome: points, titles and hints, and their language.
fn circumstances(root: &Path, language: Language) -> anyhow::Result<Digest> {
    let course = root.join(course::FILE);
    let text =
        std::fs::read(&course).with_context(|| format!("cannot read {}", course.display()))?;
    let language = match language {
        Language::En => "en",
        Language::Zh => "zh",
    };
    Ok(Hasher::default().part(GRADER).part(text).part(language).finish())
}
