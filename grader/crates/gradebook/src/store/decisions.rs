//! What people decided: points set by hand, with their history, and later due dates.

use course::{LessonId, Points};
use rusqlite::params;

use super::{Store, StoreError, failed, hundredths};
use crate::extension::{Extension, Extensions};
use crate::overriding::Override;

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

impl Store {
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
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{result, store};
    use super::*;

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
}
