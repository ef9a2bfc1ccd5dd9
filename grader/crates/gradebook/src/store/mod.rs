//! The gradebook on disk: one SQLite file.
//!
//! [`results`] is what runs of the grader wrote down, [`decisions`] what people decided; neither
//! reads the other's tables, but to know who there is.

mod decisions;
mod results;

use std::path::{Path, PathBuf};

use course::{LessonId, Points};
use rusqlite::{Connection, Row};
use thiserror::Error;

pub use decisions::OverrideEvent;
pub use results::RunFacts;

/// The gradebook on disk: every attempt, result and override, with history.
pub struct Store {
    connection: Connection,
    path: PathBuf,
}

/// Why the gradebook cannot be used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database says no.
    #[error("cannot use the gradebook {path}: {source}", path = path.display())]
    Database {
        /// Which.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
    /// It is of another version of the grader.
    #[error("the gradebook {path} has the form {found}, and only {FORM} is known; use the grader that wrote it", path = path.display())]
    Form {
        /// Which.
        path: PathBuf,
        /// Its form.
        found: i64,
    },
    /// There is none.
    #[error("no gradebook {path}; `grader grade --out` writes one", path = path.display())]
    None {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// What stands in it is no sound value.
    #[error("the gradebook {path} holds {what}", path = path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// The version of the tables.
const FORM: i64 = 1;

/// Points are hundredths, moments as they were told. Nothing is ever deleted but extensions,
/// which are what the latest table says.
const TABLES: &str = "
CREATE TABLE students (
    student TEXT PRIMARY KEY, name TEXT, system_id TEXT, id TEXT, email TEXT, team TEXT, section TEXT
) WITHOUT ROWID;
CREATE TABLE runs (
    run INTEGER PRIMARY KEY, started TEXT NOT NULL, grader TEXT NOT NULL, toolchain TEXT NOT NULL,
    confinement TEXT NOT NULL
);
CREATE TABLE results (
    result INTEGER PRIMARY KEY, student TEXT NOT NULL, lesson TEXT NOT NULL, attempt INTEGER NOT NULL,
    handed_in TEXT NOT NULL, late INTEGER, digest TEXT NOT NULL, verdict TEXT NOT NULL, score INTEGER,
    max INTEGER NOT NULL, message TEXT, first_run INTEGER NOT NULL REFERENCES runs,
    last_run INTEGER NOT NULL REFERENCES runs
);
CREATE INDEX results_by_attempt ON results (student, lesson, handed_in, attempt);
CREATE TABLE overrides (
    override INTEGER PRIMARY KEY, student TEXT NOT NULL, lesson TEXT NOT NULL, points INTEGER,
    reason TEXT NOT NULL, at TEXT NOT NULL
);
CREATE TABLE extensions (
    student TEXT NOT NULL, lesson TEXT NOT NULL, due TEXT NOT NULL, PRIMARY KEY (student, lesson)
) WITHOUT ROWID;
";

impl Store {
    /// The name of the file in the folder of results.
    pub const FILE: &str = "gradebook.sqlite";

    /// Opens the gradebook in `folder`, and makes one if there is none.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(Self::FILE);
        let connection = Connection::open(&path);
        let connection = connection.map_err(|source| failed(&path, source))?;
        let store = Self { connection, path };
        store.prepare()?;
        Ok(store)
    }

    /// Opens the gradebook in `folder` if there is one.
    pub fn existing(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(Self::FILE);
        if !path.is_file() {
            return Err(StoreError::None { path });
        }
        Self::open(folder)
    }

    fn prepare(&self) -> Result<(), StoreError> {
        let found: i64 =
            self.ask(|db| db.query_row("PRAGMA user_version", [], |row| row.get(0)))?;
        match found {
            FORM => Ok(()),
            0 => self.ask(|db| {
                db.execute_batch(&format!(
                    "BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {FORM}; COMMIT;"
                ))
            }),
            found => Err(StoreError::Form { path: self.path.clone(), found }),
        }
    }

    fn ask<T>(
        &self,
        ask: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        ask(&self.connection).map_err(|source| failed(&self.path, source))
    }

    fn rows<T>(
        &self,
        query: &str,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.ask(|db| db.prepare(query)?.query_map([], read)?.collect())
    }

    fn lesson(&self, id: &str) -> Result<LessonId, StoreError> {
        id.parse().map_err(|_| self.unsound(format!("the lesson `{id}`")))
    }

    fn points(&self, hundredths: i64) -> Result<Points, StoreError> {
        let points = u64::try_from(hundredths).map(Points::from_hundredths);
        points.map_err(|_| self.unsound(format!("{hundredths} hundredths of a point")))
    }

    fn unsound(&self, what: String) -> StoreError {
        StoreError::Content { path: self.path.clone(), what }
    }
}

fn failed(path: &Path, source: rusqlite::Error) -> StoreError {
    StoreError::Database { path: path.to_owned(), source }
}

fn hundredths(points: Points) -> i64 {
    i64::try_from(points.hundredths()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod specimen {
    use course::Language;
    use report::{HandedIn, Outcome, Submission, Work, grade};

    use super::{RunFacts, Store};
    use crate::book::specimen::{course, member};

    pub(super) fn run() -> RunFacts {
        let word = |text: &str| text.to_owned();
        RunFacts {
            started: word("2026-10-02T00:00:00Z"),
            grader: word("1"),
            toolchain: word("2"),
            confinement: word("3"),
        }
    }

    pub(super) fn result(
        student: &str,
        attempt: u32,
        at: Option<&str>,
        passes: bool,
    ) -> Submission {
        let course = course();
        let work = Work { student: student.to_owned(), duration_ms: 1, attempts: 1 };
        let outcome = |_: &course::TestName| {
            Some(match passes {
                true => Outcome::Passed,
                false => Outcome::NotCheckable { reason: "no ptrace".to_owned() },
            })
        };
        let handed_in = HandedIn { attempt, at: at.map(str::to_owned), late: None };
        let graded = grade(work, course.lesson("lock").unwrap(), Language::En, outcome);
        Submission { handed_in: Some(handed_in), ..graded }
    }

    pub(super) fn store(folder: &tempfile::TempDir, results: &[(&str, Submission)]) -> Store {
        let mut store = Store::open(folder.path()).unwrap();
        store
            .record(&run(), &[member("ada", "Ada", "1", "s1")], |take| {
                results.iter().try_for_each(|(digest, result)| take(digest, result))
            })
            .unwrap();
        store
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gradebook_of_another_form_or_none_is_said() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Store::existing(folder.path()), Err(StoreError::None { .. })));
        let store = Store::open(folder.path()).unwrap();
        store.ask(|db| db.execute_batch("PRAGMA user_version = 9")).unwrap();
        drop(store);
        assert!(matches!(Store::existing(folder.path()), Err(StoreError::Form { found: 9, .. })));
    }
}
