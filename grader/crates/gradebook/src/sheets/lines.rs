//! JSON lines: an object for each lesson of each student, for programs.

use course::Points;
use serde::Serialize;

use crate::book::Book;

#[derive(Serialize)]
struct Line<'a> {
    student: &'a str,
    name: Option<&'a str>,
    id: Option<&'a str>,
    email: Option<&'a str>,
    section: Option<&'a str>,
    group: Option<&'a str>,
    lesson: &'a str,
    attempt: Option<u32>,
    handed_in: Option<&'a str>,
    verdict: Option<&'a str>,
    /// Before any policy.
    score: Option<Points>,
    /// What counts; null if it is not known.
    points: Option<Points>,
    max: Points,
    because: Vec<String>,
    attention: Option<String>,
}

/// A line for each lesson that each student handed in.
pub fn render(book: &Book) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    for member in &book.members {
        for lesson in &book.lessons {
            let Some(taken) = member.grades.get(&lesson.id) else { continue };
            let because = taken.grade.because.iter();
            let line = Line {
                student: &member.student,
                name: member.name.as_deref(),
                id: member.id.as_deref(),
                email: member.email.as_deref(),
                section: member.section.as_deref(),
                group: member.group.as_deref(),
                lesson: lesson.id.as_str(),
                attempt: taken.grade.attempt,
                handed_in: taken.handed_in.as_deref(),
                verdict: taken.verdict.as_deref(),
                score: taken.score,
                points: taken.grade.points,
                max: lesson.max,
                because: because.map(|step| step.tell(book.language)).collect(),
                attention: taken.grade.attention.map(|attention| attention.tell(book.language)),
            };
            text += &serde_json::to_string(&line)?;
            text.push('\n');
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::specimen::book;

    #[test]
    fn every_line_is_an_object_and_the_unknown_is_null() {
        let text = render(&book()).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 4);
        assert_eq!((&lines[0]["points"], &lines[0]["score"]), (&9.into(), &10.into()));
        assert!(lines[2]["points"].is_null() && lines[2]["student"] == "bao");
    }
}
