//! What runs of the grader wrote down: who there was, and every result of every attempt.

use std::collections::BTreeMap;

use course::Moment;
use report::{Status, Submission};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Store, StoreError, failed, hundredths};
use crate::book::{Member, TakenIn};
use crate::grade::AttemptFacts;

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
                        facts.handed_in.as_ref().map(Moment::rough_order)
                    });
                }
                (1..).zip(&mut attempts).for_each(|(number, (facts, _))| facts.number = number);
                Ok(TakenIn { student, lesson: self.lesson(&lesson)?, attempts })
            };
        taken.into_iter().map(sound).collect()
    }
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
    use std::path::PathBuf;

    use super::super::specimen::{result, run, store};
    use super::*;
    use crate::book::specimen::member;

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
}
