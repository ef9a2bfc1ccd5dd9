use std::collections::BTreeMap;

use course::{Course, LessonId, Moment, Policies};

use crate::grade::Due;
use crate::overriding::known;
use crate::{Table, TableError};

/// A later due date for one student.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Whose.
    pub student: String,
    /// For which lesson.
    pub lesson: LessonId,
    /// Until when.
    pub due: Moment,
}

/// The extensions of a course.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions(BTreeMap<(String, LessonId), Moment>);

impl Extensions {
    /// Reads a table with the columns `student`, `lesson` and `due`; others are left alone.
    pub fn parse(text: &str, course: &Course) -> Result<Self, TableError> {
        let table = Table::parse(text)?;
        let [student, lesson, due] =
            [table.column("student")?, table.column("lesson")?, table.column("due")?];
        let mut extensions = BTreeMap::new();
        for (line, row) in table.rows() {
            let cell = |at: usize| row.get(at).unwrap_or_default();
            let wrong = |message: String| TableError::Row { line, message };
            let lesson = known(course, cell(lesson)).map_err(wrong)?;
            let due: Moment = cell(due).parse().map_err(|error| wrong(format!("{error}")))?;
            due.at(course.policies.zone).map_err(|error| wrong(error.to_string()))?;
            if cell(student).is_empty() {
                return Err(wrong("a student is needed".to_owned()));
            }
            let key = (cell(student).to_owned(), lesson);
            if extensions.insert(key, due).is_some() {
                return Err(wrong(
                    "this student has an extension for this lesson above; keep one".to_owned(),
                ));
            }
        }
        Ok(Self(extensions))
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Extension> {
        self.0.iter().map(|((student, lesson), due)| Extension {
            student: student.clone(),
            lesson: lesson.clone(),
            due: due.clone(),
        })
    }

    /// When `lesson` is due for `student`.
    pub fn due(&self, policies: &Policies, student: &str, lesson: &LessonId) -> Due {
        let own = self.0.get(&(student.to_owned(), lesson.clone()));
        let moment = own.or_else(|| policies.due.get(lesson));
        let at = moment.and_then(|moment| moment.at(policies.zone).ok());
        Due { at, extended: own.is_some() }
    }
}

impl FromIterator<Extension> for Extensions {
    fn from_iter<I: IntoIterator<Item = Extension>>(extensions: I) -> Self {
        let pair = |each: Extension| ((each.student, each.lesson), each.due);
        Self(extensions.into_iter().map(pair).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::specimen::course;

    #[test]
    fn an_extension_moves_the_due_date_of_one_student_alone() {
        let course = course();
        let text = "student,lesson,due,reason\nada,lock,2026-10-05 12:00,ill\n";
        let extensions = Extensions::parse(text, &course).unwrap();
        let due = |student| {
            let lesson = "lock".parse().unwrap();
            let due = extensions.due(&course.policies, student, &lesson);
            (due.at.unwrap().to_rfc3339(), due.extended)
        };
        assert_eq!(due("ada"), ("2026-10-05T10:00:00+00:00".to_owned(), true));
        assert_eq!(due("bao"), ("2026-10-01T21:59:00+00:00".to_owned(), false));
        let again: Extensions = extensions.iter().collect();
        assert_eq!(again, extensions);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let said = |row: &str| {
            let text = format!("student,lesson,due\nada,lock,2026-10-05 12:00\n{row}\n");
            Extensions::parse(&text, &course()).unwrap_err().to_string()
        };
        for (row, message) in [
            ("bao,lick,2026-10-05 12:00", "line 3: no lesson `lick`"),
            ("bao,lock,soon", "line 3: `soon` is no date and time"),
            ("bao,lock,2026-03-29 02:30", "line 3: `2026-03-29T02:30:00` does not exist"),
            (",lock,2026-10-05 12:00", "line 3: a student is needed"),
            ("ada,lock,2026-10-06 12:00", "line 3: this student has an extension"),
        ] {
            assert!(said(row).starts_with(message), "{}", said(row));
        }
    }
}
