//! The class on a terminal: a row for each student, a column for each lesson.

mod grid;
mod legend;

use std::collections::BTreeSet;

use course::Points;
use observation::Verdict;

use crate::model::{GradedLesson, Report, Submission};
use crate::{printable, printable_lines};
use grid::{Cell, Column, Grid};

/// Whether to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Never,
    /// ANSI colours; the words stay the same.
    Always,
}

/// The table, a legend of the verdicts in it, and below it what was not graded and why.
///
/// No row is wider than `width` columns, as long as one lesson beside a shortened name fits
/// into that: verdicts give way to single letters first, then the lessons are split over
/// several tables.
pub fn render(report: &Report, width: usize, colour: Colour) -> String {
    let students: Vec<&[Submission]> = report.students().collect();
    let names = students.iter().map(|each| printable(&each[0].student).into_owned());
    let mut columns: Vec<_> =
        report.lessons.iter().map(|lesson| lesson_column(lesson, &students)).collect();
    columns.push(total_column(report, &students));
    let grid = Grid { names: names.collect(), columns };
    let (mut text, form) = grid.render(width, colour);
    let verdicts: BTreeSet<Verdict> = report.submissions.iter().map(|each| each.verdict).collect();
    text += &legend::render(&verdicts, form, colour);
    text += stars(report);
    text += &not_graded(report);
    text += &summary(report, students.len());
    text
}

fn lesson_column(lesson: &GradedLesson, students: &[&[Submission]]) -> Column {
    let cell = |student: &&[Submission]| match student
        .iter()
        .find(|submission| submission.lesson == lesson.id)
    {
        None => Cell { score: "-".to_owned(), verdict: None },
        Some(found) => Cell { score: counted(found), verdict: Some(found.verdict) },
    };
    Column {
        head: lesson.id.to_string(),
        out_of: lesson.max_score.to_string(),
        cells: students.iter().map(cell).collect(),
    }
}

fn total_column(report: &Report, students: &[&[Submission]]) -> Column {
    let cell = |student: &&[Submission]| {
        let sum: Points = student.iter().filter_map(Submission::counts).sum();
        let unknown = student.iter().any(|submission| submission.counts().is_none());
        Cell { score: format!("{sum}{}", if unknown { "+?" } else { "" }), verdict: None }
    };
    Column {
        head: "total".to_owned(),
        out_of: report.lessons.iter().map(|lesson| lesson.max_score).sum::<Points>().to_string(),
        cells: students.iter().map(cell).collect(),
    }
}

/// What counts, with a star where that is not the score.
fn counted(submission: &Submission) -> String {
    let counts = submission.counts();
    let star = if counts == submission.score { "" } else { STAR };
    counts.map_or("?".to_owned(), |points| format!("{points}{star}"))
}

/// Marks points that are not the score.
const STAR: &str = "*";

fn stars(report: &Report) -> &'static str {
    let starred = |submission: &Submission| counted(submission).ends_with(STAR);
    match report.submissions.iter().any(starred) {
        true => {
            "\n* what counts after late work, caps and overrides; `grader book list` says how it \
             comes about\n"
        }
        false => "",
    }
}

fn not_graded(report: &Report) -> String {
    let not_graded = report.submissions.iter().filter(|each| each.score.is_none());
    let lines: String = not_graded
        .map(|each| {
            let student = printable(&each.student);
            let message = shortened(each.message.as_deref().unwrap_or("no reason was given"));
            let tries = match each.attempts {
                1 => String::new(),
                attempts => format!(", tried {attempts} times"),
            };
            format!("  {student}, {}{tries}: {message}\n", each.lesson)
        })
        .collect();
    if lines.is_empty() {
        lines
    } else {
        format!("\nnot graded, and not counted as zero:\n{lines}")
    }
}

/// Lines of one reason that stand below the table.
const LINES: usize = 6;

/// The first lines, and how many are missing.
fn shortened(message: &str) -> String {
    let message = printable_lines(message);
    let lines: Vec<_> = message.lines().filter(|line| !line.trim().is_empty()).collect();
    let shown = lines[..lines.len().min(LINES)].join("\n      ");
    match lines.len() - lines.len().min(LINES) {
        0 => shown,
        1 => format!("{shown}\n      ... and 1 more line, which is in the results"),
        more => format!("{shown}\n      ... and {more} more lines, which are in the results"),
    }
}

fn summary(report: &Report, students: usize) -> String {
    let all = report.submissions.len();
    let graded = report.submissions.iter().filter(|each| each.score.is_some()).count();
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    format!(
        "\n{students} student{}, {all} submission{}: {graded} graded, {} not\n",
        plural(students),
        plural(all),
        all - graded
    )
}

#[cfg(test)]
mod tests {
    use course::Language;
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::specimen::class;

    /// `text` without the styles that `Colour::Always` adds.
    fn without_styles(text: &str) -> String {
        let mut parts = text.split("\u{1b}[");
        let first = parts.next().expect("a first part").to_owned();
        parts.fold(first, |text, part| text + part.split_once('m').expect("a style ends").1)
    }

    /// The rows of all tables in `text`, which the legend ends.
    fn rows(text: &str) -> Vec<&str> {
        text.lines().take_while(|line| !line.starts_with("verdicts")).collect()
    }

    #[test]
    fn a_wide_terminal_shows_the_verdicts_in_words() {
        insta::assert_snapshot!(render(&class(Language::En), 120, Colour::Never));
    }

    #[test]
    fn a_narrow_terminal_shows_letters() {
        insta::assert_snapshot!(render(&class(Language::En), 48, Colour::Never));
    }

    #[test]
    fn a_very_narrow_terminal_splits_the_table() {
        insta::assert_snapshot!(render(&class(Language::En), 28, Colour::Never));
    }

    #[test]
    fn no_row_is_wider_than_the_terminal() {
        for width in 28..=130 {
            let text = render(&class(Language::En), width, Colour::Never);
            for row in rows(&text) {
                assert!(row.width() <= width, "{width}: {row}");
            }
        }
    }

    #[test]
    fn colour_changes_no_word() {
        let report = class(Language::En);
        for width in [28, 48, 120] {
            let coloured = render(&report, width, Colour::Always);
            assert!(coloured.contains("\u{1b}[31m"));
            assert_eq!(without_styles(&coloured), render(&report, width, Colour::Never));
        }
    }

    #[test]
    fn a_student_adds_no_control_character() {
        let text = render(&class(Language::En), 120, Colour::Never);
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
        assert!(!text.contains('\u{202e}'));
    }

    #[test]
    fn points_that_are_not_the_score_are_starred_and_summed_up() {
        let mut report = class(Language::En);
        let ada = &mut report.submissions[2];
        let points = Some("3".parse().unwrap());
        ada.grade = Some(crate::Grade { points, because: Vec::new() });
        let text = render(&report, 120, Colour::Never);
        let row = rows(&text).into_iter().find(|row| row.starts_with("ada")).unwrap();
        assert!(row.contains("3* pass") && row.trim_end().ends_with("13"), "{row}");
        assert!(text.contains("* what counts after late work"), "{text}");
        assert!(!render(&class(Language::En), 120, Colour::Never).contains('*'));
    }

    #[test]
    fn of_a_long_reason_the_first_lines_are_shown_and_the_others_counted() {
        let below = |lines: usize| {
            let mut report = class(Language::En);
            let bob = report.submissions.iter_mut().find(|each| each.score.is_none()).unwrap();
            let reason: Vec<_> = (1..=lines).map(|line| format!("line {line}\n\n")).collect();
            bob.message = Some(reason.concat());
            let text = render(&report, 120, Colour::Never);
            text.split_once("tried 3 times: line 1\n").unwrap().1.to_owned()
        };
        assert!(below(6).contains("line 6\n") && !below(6).contains("more line"), "{}", below(6));
        for (lines, rest) in [(7, "1 more line, which is in"), (9, "3 more lines, which are in")] {
            let text = below(lines);
            assert!(text.contains(rest) && !text.contains("line 7"), "{text}");
        }
    }

    #[test]
    fn a_report_without_submissions_is_a_table_without_rows() {
        let report = Report { submissions: Vec::new(), ..class(Language::En) };
        let text = render(&report, 80, Colour::Never);
        assert!(text.ends_with("\n0 students, 0 submissions: 0 graded, 0 not\n"), "{text}");
    }
}
