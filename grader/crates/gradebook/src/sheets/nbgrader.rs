//! nbgrader's own export: a row for each assignment of each student.

use course::Points;

use super::{guarded, text};
use crate::book::{Book, BookLesson, Member};

const COLUMNS: [&str; 11] = [
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
];

/// All grades of `book`, in the form of `nbgrader export`.
pub fn render(book: &Book) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for lesson in &book.lessons {
        for member in &book.members {
            writer.write_record(row(lesson, member))?;
        }
    }
    text(writer)
}

/// Who handed in nothing has a zero; what is not known is left empty.
fn row(lesson: &BookLesson, member: &Member) -> Vec<String> {
    let taken = member.grades.get(&lesson.id);
    let raw = taken.map_or(Some(Points::ZERO), |taken| taken.score);
    let score = taken.map_or(Some(Points::ZERO), |taken| taken.grade.points);
    let penalty =
        raw.zip(score).map(|(raw, score)| raw.hundredths().saturating_sub(score.hundredths()));
    let shown =
        |points: Option<Points>| points.map(|points| points.to_string()).unwrap_or_default();
    let (last, first) = names(member);
    vec![
        lesson.id.to_string(),
        lesson.due.clone().unwrap_or_default(),
        taken.and_then(|taken| taken.handed_in.clone()).unwrap_or_default(),
        guarded(&member.student).into_owned(),
        guarded(&last).into_owned(),
        guarded(&first).into_owned(),
        guarded(member.email.as_deref().unwrap_or_default()).into_owned(),
        shown(raw),
        shown(penalty.map(Points::from_hundredths)),
        shown(score),
        lesson.max.to_string(),
    ]
}

/// The last word of a name is taken for the last name, unless a comma says otherwise.
fn names(member: &Member) -> (String, String) {
    let name = member.name.as_deref().unwrap_or_default();
    if let Some((last, first)) = name.split_once(',') {
        return (last.trim().to_owned(), first.trim().to_owned());
    }
    match name.rsplit_once(' ') {
        Some((first, last)) => (last.to_owned(), first.to_owned()),
        None => (name.to_owned(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::specimen::book;

    #[test]
    fn every_student_has_a_row_for_every_assignment() {
        let text = render(&book()).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 7);
        assert_eq!(
            lines[1],
            "lock,2026-10-01T23:59:00,2026-10-02T12:00:00,ada,Lovelace,Ada,ada@example.org,10,1,9,10"
        );
        assert_eq!(lines[2], "lock,2026-10-01T23:59:00,,bao,Nguyen,Bao,bao@example.org,,,,10");
        assert_eq!(lines[6], "pool-map,,,chidi,Anagonye,'=Chidi,chidi@example.org,0,0,0,12.5");
    }
}
