//! What a student reads: plain text on one submission, for a file or a terminal.
//!
//! Invariant: nothing of a test that the student may not see yet gets in, neither its name
//! nor what it says, and no total from which its result could be told.

use std::collections::BTreeMap;

use course::{Language, LessonId, Points, Visibility};
use observation::Verdict;

use crate::evidence;
use crate::model::{Submission, TestResult, TestStatus};
use crate::{excerpt, printable, printable_lines};

/// How far the lesson's life has gone, which decides what its students see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Students still hand in.
    #[default]
    Open,
    /// It is due.
    Due,
    /// Grades are published.
    Published,
}

impl Stage {
    /// Whether students see a test of this visibility now.
    pub fn shows(self, visibility: Visibility) -> bool {
        match visibility {
            Visibility::Visible => true,
            Visibility::Hidden => false,
            Visibility::AfterDue => self != Self::Open,
            Visibility::AfterPublished => self == Self::Published,
        }
    }
}

/// How far each lesson's life has gone; a lesson of which nothing is said is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stages(BTreeMap<LessonId, Stage>);

impl Stages {
    /// How far the life of `lesson` has gone.
    pub fn of(&self, lesson: &LessonId) -> Stage {
        self.0.get(lesson).copied().unwrap_or_default()
    }
}

impl FromIterator<(LessonId, Stage)> for Stages {
    fn from_iter<I: IntoIterator<Item = (LessonId, Stage)>>(stages: I) -> Self {
        Self(stages.into_iter().collect())
    }
}

/// The sheet for one submission.
pub fn render(submission: &Submission, stage: Stage, language: Language) -> String {
    let words = words(language);
    let (shown, kept_back): (Vec<_>, Vec<_>) =
        submission.tests.iter().partition(|test| stage.shows(test.visibility));
    let mut sheet = format!("{}: {}\n", submission.lesson, headline(submission, &shown, &words));
    if let Some(message) = &submission.message
        && shares_message(submission, &shown)
    {
        sheet += &indented(message, "  ");
    }
    // What it counts for tells the score, and so the results of tests that are not shown.
    if let Some(grade) = submission.grade.as_ref().filter(|_| kept_back.is_empty()) {
        let points = grade.points.map_or("?".to_owned(), |points| points.to_string());
        sheet += &format!("  {}\n", (words.counts)(&points));
        grade.because.iter().for_each(|step| sheet += &indented(step, "    "));
    }
    for test in shown.iter().filter(|test| test.status != TestStatus::NotRun) {
        sheet.push('\n');
        sheet += &section(test, language);
    }
    if !kept_back.is_empty() {
        sheet += &format!("\n{}\n", (words.kept_back)(kept_back.len()));
    }
    sheet
}

/// The words of a sheet.
struct Words {
    score: fn(Points, Points) -> String,
    extra: &'static str,
    not_graded: &'static str,
    not_checkable: &'static str,
    kept_back: fn(usize) -> String,
    counts: fn(&str) -> String,
    hint: &'static str,
}

fn words(language: Language) -> Words {
    match language {
        Language::En => Words {
            score: |score, max| format!("{score} of {max} points"),
            extra: "extra credit",
            not_graded: "not graded; this is not your program's fault",
            not_checkable: "could not be checked here",
            kept_back: |count| match count {
                1 => "1 more test is not shown.".to_owned(),
                count => format!("{count} more tests are not shown."),
            },
            counts: |points| format!("counts for {points} points"),
            hint: "hint: ",
        },
        Language::Zh => Words {
            score: |score, max| format!("{score} / {max} 分"),
            extra: "附加题",
            not_graded: "未能评分；这不是你的程序的错",
            not_checkable: "此处无法检查",
            kept_back: |count| format!("另有 {count} 项测试不显示。"),
            counts: |points| format!("计 {points} 分"),
            hint: "hint: ",
        },
    }
}

/// Verdict and points of what is shown, which is less than the grade if something is not.
fn headline(submission: &Submission, shown: &[&TestResult], words: &Words) -> String {
    if submission.score.is_none() {
        return words.not_graded.to_owned();
    }
    let verdict = shown.iter().map(|test| test.verdict).max();
    let score: Points = shown.iter().filter_map(|test| test.score).sum();
    let max: Points = shown.iter().filter(|test| !test.extra).map(|test| test.max_score).sum();
    format!("{}, {}", verdict.unwrap_or(Verdict::Pass), (words.score)(score, max))
}

/// A message about the whole submission can name tests, unless no test ran.
fn shares_message(submission: &Submission, shown: &[&TestResult]) -> bool {
    let no_test_ran = submission.tests.iter().all(|test| test.status == TestStatus::NotRun);
    no_test_ran || shown.len() == submission.tests.len()
}

fn section(test: &TestResult, language: Language) -> String {
    let words = words(language);
    let points = match test.score {
        Some(score) => (words.score)(score, test.max_score),
        None => words.not_checkable.to_owned(),
    };
    let extra = if test.extra { format!(" ({})", words.extra) } else { String::new() };
    let mut text = format!("{}: {}, {points}{extra}\n", printable(test.label()), test.verdict);
    if let Some(message) = &test.message {
        text += &indented(&excerpt(message, language), "    ");
    }
    for line in test.evidence.iter().flat_map(evidence::lines) {
        text += &indented(&line, "    ");
    }
    if let Some(hint) = &test.hint {
        text += &format!("    {}{}\n", words.hint, printable(hint));
    }
    text
}

fn indented(text: &str, margin: &str) -> String {
    printable_lines(text)
        .lines()
        .map(|line| format!("{margin}{line}").trim_end().to_owned() + "\n")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen::{HOSTILE, class};

    fn sheet(student: &str, lesson: &str, stage: Stage, language: Language) -> String {
        let report = class(language);
        let mut submissions = report.submissions.iter();
        let found =
            submissions.find(|each| each.student == student && each.lesson.as_str() == lesson);
        render(found.expect("in the class"), stage, language)
    }

    #[test]
    fn a_deadlock_is_told_with_its_evidence_and_one_hint() {
        insta::assert_snapshot!(sheet("bob", "semaphore", Stage::Open, Language::En));
    }

    #[test]
    fn a_sheet_speaks_the_language_of_the_course() {
        insta::assert_snapshot!(sheet("bob", "semaphore", Stage::Due, Language::Zh));
    }

    #[test]
    fn nothing_of_a_hidden_test_can_be_told_from_a_sheet() {
        for stage in [Stage::Open, Stage::Due, Stage::Published] {
            let failed = sheet("李小龙", "semaphore", stage, Language::En);
            let passed = sheet("ada", "semaphore", stage, Language::En);
            assert_eq!(failed, passed);
            assert!(!failed.contains("final_value") && !failed.contains("Secret"), "{failed}");
        }
    }

    #[test]
    fn what_it_counts_for_is_told_unless_that_tells_a_hidden_result() {
        let report = class(Language::En);
        let counted = |index: usize| {
            let grade = crate::Grade {
                points: Some("7.5".parse().unwrap()),
                because: vec!["handed in 1 d after it was due, keeps 75%: 7.5 of 10".to_owned()],
            };
            let submission = Submission { grade: Some(grade), ..report.submissions[index].clone() };
            render(&submission, Stage::Published, Language::En)
        };
        let shown = counted(1);
        assert!(
            shown.contains(
                "fork: pass, 10 of 10 points\n  counts for 7.5 points\n    handed in 1 d"
            ),
            "{shown}"
        );
        assert!(!counted(2).contains("7.5"));
    }

    #[test]
    fn what_is_shown_later_is_shown_then() {
        let shown = |stage| sheet("bob", "semaphore", stage, Language::En).contains("no_zombies");
        assert_eq!([Stage::Open, Stage::Due, Stage::Published].map(shown), [false, true, true]);
    }

    #[test]
    fn what_does_not_compile_shows_what_the_compiler_said_and_harms_no_terminal() {
        insta::assert_snapshot!(sheet(HOSTILE, "semaphore", Stage::Published, Language::En));
    }

    #[test]
    fn what_could_not_be_graded_says_whose_fault_it_is_not() {
        let sheet = sheet("bob", "fork", Stage::Open, Language::En);
        assert!(
            sheet.starts_with("fork: not graded; this is not your program's fault\n"),
            "{sheet}"
        );
    }
}
