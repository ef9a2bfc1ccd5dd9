use course::{Course, LessonId, Points};

use crate::{Table, TableError};

/// Points that a person has set, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// Whose.
    pub student: String,
    /// In which lesson.
    pub lesson: LessonId,
    /// What counts.
    pub points: Points,
    /// Why; the student reads it.
    pub reason: String,
}

/// Reads overrides: CSV with the columns `student`, `lesson`, `points` and `reason`.
pub fn import_overrides(text: &str, course: &Course) -> Result<Vec<Override>, TableError> {
    let table = Table::parse(text)?;
    let [student, lesson, points, reason] = [
        table.column("student")?,
        table.column("lesson")?,
        table.column("points")?,
        table.column("reason")?,
    ];
    let read = |(line, row): (u64, &csv::StringRecord)| {
        let cell = |at: usize| row.get(at).unwrap_or_default();
        let wrong = |message: String| TableError::Row { line, message };
        if cell(student).is_empty() || cell(reason).is_empty() {
            return Err(wrong("a student and a reason are needed".to_owned()));
        }
        let lesson = known(course, cell(lesson)).map_err(wrong)?;
        let points =
            cell(points).replace(',', ".").parse().map_err(|error| wrong(format!("{error}")))?;
        Ok(Override {
            student: unguarded(cell(student)),
            lesson,
            points,
            reason: unguarded(cell(reason)),
        })
    };
    table.rows().map(read).collect()
}

/// The same overrides as a table that [`import_overrides`] reads.
pub fn export_overrides(overrides: &[Override]) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["student", "lesson", "points", "reason"])?;
    for Override { student, lesson, points, reason } in overrides {
        let (student, reason) = (crate::sheets::guarded(student), crate::sheets::guarded(reason));
        writer.write_record([&*student, lesson.as_str(), &points.to_string(), &*reason])?;
    }
    crate::sheets::text(writer)
}

/// The lesson that is called `name`.
pub(crate) fn known(course: &Course, name: &str) -> Result<LessonId, String> {
    let found = course.lesson(name).map(|lesson| lesson.id.clone());
    found.ok_or_else(|| {
        let ids: Vec<_> = course.lessons().map(|lesson| lesson.id.as_str()).collect();
        format!("no lesson `{name}` in this course; it has {}", ids.join(", "))
    })
}

/// Without the mark that keeps a cell from being a formula.
fn unguarded(cell: &str) -> String {
    let formula = |rest: &&str| rest.starts_with(['=', '+', '-', '@']);
    cell.strip_prefix('\'').filter(formula).unwrap_or(cell).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::specimen::course;

    #[test]
    fn overrides_read_as_they_are_written_formulas_too() {
        let text =
            "student,lesson,points,reason\nada,lock,7.5,\"ill, see mail\"\n'=1+1,lock,0,copied\n";
        let overrides = import_overrides(text, &course()).unwrap();
        assert_eq!(overrides[1].student, "=1+1");
        let again = export_overrides(&overrides).unwrap();
        assert_eq!(import_overrides(&again, &course()).unwrap(), overrides);
        assert!(again.contains("'=1+1"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let said = |text: &str| import_overrides(text, &course()).unwrap_err().to_string();
        assert!(said("student,lesson,points\n").contains("`reason` is missing"));
        let head = "student,lesson,points,reason\nada,lock,1,ok\n";
        for (row, message) in [
            ("ada,lok,1,x", "line 3: no lesson `lok` in this course; it has lock, pool-map"),
            ("ada,lock,-1,x", "line 3: points are never negative"),
            ("ada,lock,1,", "line 3: a student and a reason are needed"),
        ] {
            let text = format!("{head}{row}\n");
            assert!(said(&text).starts_with(message), "{}", said(&text));
        }
    }
}
