use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use course::{LessonId, Points};
use report::{Status, Submission};
use rusqlite::{Connection, OptionalExtension, Row, params};
use thiserror::Error;

use crate::book::{Member, TakenIn};
use crate::extension::{Extension, Extensions};
use crate::grade::AttemptFacts;
use crate::overriding::Override;

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

/// Points that were set by hand, or taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideEvent {
    /// When, as RFC 3339.
    pub at: String,
    /// Whose.
    pub student: String,
    /// In which lesson.
    pub lesson: String,
    /// The points; none if they were taken back.
    pub points: Option<Points>,
    /// Why.
    pub reason: String,
}

/// A run of the grader, as far as the gradebook knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFacts {
    /// When it started, as RFC 3339.
    pub started: String,
    /// The grader's version.
    pub grader: String,
    /// The compiler.
    pub toolchain: String,
    /// The walls.
    pub confinement: String,
}

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

    /// Notes down a run: those who take part, and every result with the digest of what was
    /// handed in. `each` is called with what takes the results. All of it gets in, or nothing.
    pub fn record(
        &mut self,
        run: &RunFacts,
        members: &[Member],
        each: impl FnOnce(
            &mut dyn FnMut(&str, &Submission) -> Result<(), StoreError>,
        ) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let path = self.path.clone();
        let fail = |source| failed(&path, source);
        let change = self.connection.transaction().map_err(fail)?;
        {
            change
                .execute(
                    "INSERT INTO runs (started, grader, toolchain, confinement) VALUES (?, ?, ?, ?)",
                    params![run.started, run.grader, run.toolchain, run.confinement],
                )
                .map_err(fail)?;
            let number = change.last_insert_rowid();
            for member in members {
                insert_member(&change, member).map_err(fail)?;
            }
            each(&mut |digest, result| {
                insert_result(&change, number, digest, result).map(drop).map_err(fail)
            })?;
        }
        change.commit().map_err(fail)
    }

    /// Sets points, or takes back what was set if there are none.
    pub fn set_override(
        &self,
        student: &str,
        lesson: &LessonId,
        points: Option<Points>,
        reason: &str,
        at: &str,
    ) -> Result<(), StoreError> {
        let points = points.map(hundredths);
        self.ask(|db| {
            db.execute(
                "INSERT INTO overrides (student, lesson, points, reason, at) VALUES (?, ?, ?, ?, ?)",
                params![student, lesson.as_str(), points, reason, at],
            )
        })?;
        Ok(())
    }

    /// The overrides that hold now.
    pub fn overrides(&self) -> Result<Vec<Override>, StoreError> {
        let rows = self.rows(
            "SELECT student, lesson, points, reason FROM overrides
             WHERE override IN (SELECT max(override) FROM overrides GROUP BY student, lesson)
               AND points IS NOT NULL ORDER BY student, lesson",
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        let sound = |(student, lesson, points, reason): (String, String, i64, String)| {
            Ok(Override {
                student,
                lesson: self.lesson(&lesson)?,
                points: self.points(points)?,
                reason,
            })
        };
        rows.into_iter().map(sound).collect()
    }

    /// Everything that was ever set by hand or taken back, the first first.
    pub fn override_history(&self) -> Result<Vec<OverrideEvent>, StoreError> {
        let rows = self.rows(
            "SELECT at, student, lesson, points, reason FROM overrides ORDER BY override",
            |row| {
                let event = OverrideEvent {
                    at: row.get(0)?,
                    student: row.get(1)?,
                    lesson: row.get(2)?,
                    points: None,
                    reason: row.get(4)?,
                };
                Ok((event, row.get::<_, Option<i64>>(3)?))
            },
        )?;
        let sound = |(event, points): (OverrideEvent, Option<i64>)| {
            let points = points.map(|points| self.points(points)).transpose()?;
            Ok(OverrideEvent { points, ..event })
        };
        rows.into_iter().map(sound).collect()
    }

    /// Replaces all extensions.
    pub fn set_extensions(&mut self, extensions: &Extensions) -> Result<(), StoreError> {
        let path = self.path.clone();
        let fail = |source| failed(&path, source);
        let change = self.connection.transaction().map_err(fail)?;
        change.execute("DELETE FROM extensions", []).map_err(fail)?;
        for Extension { student, lesson, due } in extensions.iter() {
            let row = params![student, lesson.as_str(), due.to_string()];
            change.execute("INSERT INTO extensions VALUES (?, ?, ?)", row).map_err(fail)?;
        }
        change.commit().map_err(fail)
    }

    /// The extensions that hold now.
    pub fn extensions(&self) -> Result<Extensions, StoreError> {
        let rows = self.rows("SELECT student, lesson, due FROM extensions", |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })?;
        let sound = |(student, lesson, due): (String, String, String)| {
            let lesson = self.lesson(&lesson)?;
            let due = due.parse().map_err(|_| self.unsound(format!("the due date `{due}`")))?;
            Ok(Extension { student, lesson, due })
        };
        rows.into_iter().map(sound).collect()
    }

    /// Everybody who handed in, is on the roster, or has an override.
    pub fn members(&self) -> Result<Vec<Member>, StoreError> {
        self.rows(
            "SELECT student, name, system_id, id, email, team, section FROM students
             UNION SELECT student, NULL, NULL, NULL, NULL, NULL, NULL FROM
               (SELECT student FROM results UNION SELECT student FROM overrides)
               WHERE student NOT IN (SELECT student FROM students)
             ORDER BY student",
            |row| {
                Ok(Member {
                    student: row.get(0)?,
                    name: row.get(1)?,
                    system_id: row.get(2)?,
                    id: row.get(3)?,
                    email: row.get(4)?,
                    group: row.get(5)?,
                    section: row.get(6)?,
                    ..Member::default()
                })
            },
        )
    }

    /// The latest result of every attempt, by student and lesson. Attempts are numbered anew
    /// over all runs: a later run may know only the last one.
    pub fn taken_in(&self) -> Result<Vec<TakenIn>, StoreError> {
        let rows = self.rows(
            "SELECT student, lesson, attempt, handed_in, late, verdict, score FROM results
             WHERE result IN (
               SELECT result FROM (
                 SELECT result, row_number() OVER (
                   PARTITION BY student, lesson, handed_in, CASE handed_in WHEN '' THEN attempt END
                   ORDER BY last_run DESC, result DESC) AS age FROM results) WHERE age = 1)
             ORDER BY student, lesson, handed_in, attempt",
            read_attempt,
        )?;
        let mut taken: BTreeMap<(String, String), Vec<(AttemptFacts, String)>> = BTreeMap::new();
        for attempt in rows {
            let StoredAttempt { student, lesson, number, handed_in, late, verdict, score } =
                attempt;
            let moment = match handed_in.as_str() {
                "" => None,
                text => Some(text.parse().map_err(|_| self.unsound(format!("the time `{text}`")))?),
            };
            let score = score.map(|score| self.points(score)).transpose()?;
            let facts = AttemptFacts { number, handed_in: moment, marked_late: late, score };
            taken.entry((student, lesson)).or_default().push((facts, verdict));
        }
        let sound =
            |((student, lesson), mut attempts): ((String, String), Vec<(AttemptFacts, String)>)| {
                if attempts.iter().all(|(facts, _)| facts.handed_in.is_some()) {
                    attempts.sort_by_key(|(facts, _)| {
                        facts.handed_in.as_ref().map(course::Moment::rough_order)
                    });
                }
                (1..).zip(&mut attempts).for_each(|(number, (facts, _))| facts.number = number);
                Ok(TakenIn { student, lesson: self.lesson(&lesson)?, attempts })
            };
        taken.into_iter().map(sound).collect()
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

struct StoredAttempt {
    student: String,
    lesson: String,
    number: u32,
    handed_in: String,
    late: Option<bool>,
    verdict: String,
    score: Option<i64>,
}

fn read_attempt(row: &Row<'_>) -> rusqlite::Result<StoredAttempt> {
    Ok(StoredAttempt {
        student: row.get(0)?,
        lesson: row.get(1)?,
        number: row.get(2)?,
        handed_in: row.get(3)?,
        late: row.get(4)?,
        verdict: row.get(5)?,
        score: row.get(6)?,
    })
}

/// What is not known this time stays as it was known before.
fn insert_member(db: &Connection, member: &Member) -> rusqlite::Result<usize> {
    let Member { student, name, system_id, id, email, group, section, .. } = member;
    db.prepare_cached(
        "INSERT INTO students VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (student) DO UPDATE SET
           name = coalesce(excluded.name, name), system_id = coalesce(excluded.system_id, system_id),
           id = coalesce(excluded.id, id), email = coalesce(excluded.email, email),
           team = coalesce(excluded.team, team), section = coalesce(excluded.section, section)",
    )?
    .execute(params![student, name, system_id, id, email, group, section])
}

/// A result like the last one of the same attempt is that one once more.
fn insert_result(
    db: &Connection,
    run: i64,
    digest: &str,
    result: &Submission,
) -> rusqlite::Result<usize> {
    let handed_in = result.handed_in.as_ref();
    let number = handed_in.map_or(1, |handed_in| handed_in.attempt);
    let at = handed_in.and_then(|handed_in| handed_in.at.clone()).unwrap_or_default();
    let late = handed_in.and_then(|handed_in| handed_in.late);
    let score = result.score.filter(|_| result.status == Status::Graded).map(hundredths);
    let (verdict, max) = (result.verdict.as_str(), hundredths(result.max_score));
    let (student, lesson) = (&result.student, result.lesson.as_str());
    let same: Option<i64> = db
        .prepare_cached(
            "SELECT result FROM results WHERE student = ?1 AND lesson = ?2 AND handed_in = ?3
               AND attempt = ?4 AND digest = ?5 AND verdict = ?6 AND score IS ?7 AND max = ?8
               AND late IS ?9 AND result = (SELECT max(result) FROM results WHERE student = ?1
                 AND lesson = ?2 AND handed_in = ?3 AND attempt = ?4)",
        )?
        .query_row(params![student, lesson, at, number, digest, verdict, score, max, late], |row| {
            row.get(0)
        })
        .optional()?;
    if let Some(same) = same {
        let mut update = db.prepare_cached("UPDATE results SET last_run = ? WHERE result = ?")?;
        return update.execute(params![run, same]);
    }
    db.prepare_cached(
        "INSERT INTO results (student, lesson, attempt, handed_in, late, digest, verdict, score, max,
           message, first_run, last_run) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)",
    )?
    .execute(params![student, lesson, number, at, late, digest, verdict, score, max, result.message, run])
}

#[cfg(test)]
mod tests {
    use course::Language;
    use report::{HandedIn, Outcome, Work, grade};

    use super::*;
    use crate::book::specimen::{course, member};

    fn run() -> RunFacts {
        let word = |text: &str| text.to_owned();
        RunFacts {
            started: word("2026-10-02T00:00:00Z"),
            grader: word("1"),
            toolchain: word("2"),
            confinement: word("3"),
        }
    }

    fn result(student: &str, attempt: u32, at: Option<&str>, passes: bool) -> Submission {
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

    fn store(folder: &tempfile::TempDir, results: &[(&str, Submission)]) -> Store {
        let mut store = Store::open(folder.path()).unwrap();
        store
            .record(&run(), &[member("ada", "Ada", "1", "s1")], |take| {
                results.iter().try_for_each(|(digest, result)| take(digest, result))
            })
            .unwrap();
        store
    }

    fn scores(store: &Store) -> Vec<(u32, Option<String>)> {
        let taken = store.taken_in().unwrap();
        let attempts = taken.iter().flat_map(|each| &each.attempts);
        attempts
            .map(|(facts, _)| (facts.number, facts.score.map(|score| score.to_string())))
            .collect()
    }

    #[test]
    fn the_latest_result_of_each_attempt_counts_and_the_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        store(&folder, &[("a", result("ada", 1, None, false))]);
        let again = store(&folder, &[("a", result("ada", 1, None, true))]);
        assert_eq!(scores(&again), [(1, Some("10".to_owned()))]);
        let count: i64 = again
            .ask(|db| db.query_row("SELECT count(*) FROM results", [], |row| row.get(0)))
            .unwrap();
        assert_eq!(count, 2);
        let same = store(&folder, &[("a", result("ada", 1, None, true))]);
        let runs: (i64, i64) = same
            .ask(|db| {
                let query = "SELECT first_run, last_run FROM results WHERE score IS NOT NULL";
                db.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))
            })
            .unwrap();
        assert_eq!(runs, (2, 3));
    }

    #[test]
    fn attempts_of_several_runs_are_put_in_the_order_of_their_times() {
        let folder = tempfile::tempdir().unwrap();
        store(&folder, &[("b", result("ada", 1, Some("2026-10-02T08:00:00"), true))]);
        let both = store(&folder, &[("a", result("ada", 1, Some("2026-10-01T08:00:00"), false))]);
        assert_eq!(scores(&both), [(1, None), (2, Some("10".to_owned()))]);
    }

    #[test]
    fn overrides_hold_until_they_are_taken_back_and_outlive_runs() {
        let folder = tempfile::tempdir().unwrap();
        let store_ = store(&folder, &[]);
        let lesson: LessonId = "lock".parse().unwrap();
        let set = |points: Option<&str>, reason: &str| {
            let points = points.map(|points| points.parse().unwrap());
            store_.set_override("ada", &lesson, points, reason, "2026-10-02T00:00:00Z").unwrap();
        };
        set(Some("3"), "first");
        set(Some("7.25"), "second");
        drop(store(&folder, &[("a", result("ada", 1, None, true))]));
        let held = store_.overrides().unwrap();
        assert_eq!(
            (held.len(), held[0].points.to_string(), held[0].reason.as_str()),
            (1, "7.25".to_owned(), "second")
        );
        set(None, "a mistake");
        assert!(store_.overrides().unwrap().is_empty());
        assert_eq!(store_.override_history().unwrap().len(), 3);
    }

    #[test]
    fn a_run_that_fails_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let failed = store.record(&run(), &[member("ada", "Ada", "1", "s1")], |take| {
            take("a", &result("ada", 1, None, true))?;
            Err(StoreError::None { path: PathBuf::new() })
        });
        assert!(failed.is_err());
        assert!(store.members().unwrap().is_empty() && store.taken_in().unwrap().is_empty());
    }

    #[test]
    fn what_is_known_of_somebody_is_not_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut book = store(&folder, &[]);
        let unknown = Member { student: "ada".to_owned(), ..Member::default() };
        book.record(&run(), &[unknown], |_| Ok(())).unwrap();
        assert_eq!(book.members().unwrap()[0].name.as_deref(), Some("Ada"));
    }

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
