//! A plain table: a row for each student, a column for each lesson.

use course::Points;

use super::{guarded, text};
use crate::book::{Book, Member};

/// The table as CSV; no cell is a formula, and what is not known is empty.
pub fn render(book: &Book) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = ["student", "name", "email", "section", "group"].map(str::to_owned);
    let lessons = book.lessons.iter().map(|lesson| format!("{} ({})", lesson.id, lesson.max));
    let tail = ["total", "out of", "remarks"].map(str::to_owned);
    writer.write_record(head.into_iter().chain(lessons).chain(tail))?;
    for member in &book.members {
        writer.write_record(row(book, member))?;
    }
    text(writer)
}

fn row(book: &Book, member: &Member) -> Vec<String> {
    let Member { student, name, email, section, group, .. } = member;
    let told = [Some(student), name.as_ref(), email.as_ref(), section.as_ref(), group.as_ref()];
    let told = told.map(|cell| cell.map(|cell| guarded(cell).into_owned()).unwrap_or_default());
    let shown =
        |points: Option<Points>| points.map(|points| points.to_string()).unwrap_or_default();
    let of = |lesson: &crate::book::BookLesson| {
        member.grades.get(&lesson.id).map(|taken| shown(taken.grade.points)).unwrap_or_default()
    };
    let steps = member.total.because.iter();
    let mut remarks: Vec<String> = steps.map(|step| step.tell(book.language)).collect();
    for (lesson, taken) in &member.grades {
        let said = taken.grade.told(book.language);
        remarks.extend(said.iter().map(|said| format!("{lesson}: {said}")));
    }
    let mut row: Vec<String> = told.into();
    row.extend(book.lessons.iter().map(of));
    row.extend([shown(member.total.points), member.total.max.to_string()]);
    row.push(guarded(&remarks.join("; ")).into_owned());
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::specimen::book;

    #[test]
    fn a_class_is_a_table_without_formulas() {
        let expected = "student,name,email,section,group,lock (10),pool-map (12.5),total,out of,remarks
ada,Ada Lovelace,ada@example.org,,,9,12.5,21.5,22.5,\"lock: handed in 12 h 1 min after it was due, keeps 90%: 9 of 10\"
bao,Bao Nguyen,bao@example.org,,,,3.25,,22.5,lock: it could not be graded
chidi,'=Chidi Anagonye,chidi@example.org,,,,,0,22.5,
";
        assert_eq!(render(&book()).unwrap(), expected);
    }
}
