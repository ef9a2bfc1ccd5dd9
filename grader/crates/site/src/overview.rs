//! How the class did.

use course::LessonId;
use observation::Verdict;
use report::statistics::{self, Item};
use report::{Report, Status, Submission, printable_lines};
use serde::Serialize;

use crate::chart::{self, Bar};
use crate::names::Name;
use crate::template;

/// Submissions that the list of the slowest holds.
const SLOWEST: usize = 10;

#[derive(Serialize)]
struct Overview<'a> {
    report: &'a Report,
    students: Vec<Student<'a>>,
    graded: usize,
    median: Option<String>,
    bars: Vec<Bar>,
    chart: (f64, f64),
    verdicts: Vec<Verdict>,
    heat: Vec<Row<'a>>,
    items: Vec<Item>,
    slowest: Vec<Slow<'a>>,
    not_gradable: Vec<Ungraded<'a>>,
}

#[derive(Serialize)]
struct Student<'a> {
    name: &'a str,
    page: &'a str,
    cells: Vec<Option<&'a Submission>>,
    score: String,
    max: String,
    percent: String,
}

/// A lesson of the heat map.
#[derive(Serialize)]
struct Row<'a> {
    lesson: &'a LessonId,
    title: &'a str,
    cells: Vec<Cell>,
}

#[derive(Serialize)]
struct Cell {
    count: usize,
    /// From 0, nobody, to 5, everybody.
    heat: usize,
}

#[derive(Serialize)]
struct Slow<'a> {
    name: &'a str,
    page: &'a str,
    lesson: &'a LessonId,
    seconds: String,
}

#[derive(Serialize)]
struct Ungraded<'a> {
    name: &'a str,
    page: &'a str,
    lesson: &'a LessonId,
    why: String,
}

/// The overview of `report`, whose students are called `names`.
pub(crate) fn render(report: &Report, names: &[Name]) -> String {
    let work: Vec<_> = report.students().zip(names).collect();
    let percents: Vec<f64> =
        work.iter().filter_map(|(work, _)| statistics::percent(work)).collect();
    let graded = report.submissions.iter().filter(|work| work.status == Status::Graded).count();
    let verdicts = met(report);
    template::fill(
        "overview",
        Overview {
            report,
            students: work.iter().map(|(work, name)| student(report, work, name)).collect(),
            graded,
            median: statistics::median(&percents).map(|median| format!("{median:.0}")),
            bars: chart::histogram(&percents),
            chart: (chart::WIDTH, chart::HEIGHT),
            heat: report.lessons.iter().map(|lesson| row(report, lesson, &verdicts)).collect(),
            verdicts,
            items: statistics::items(report),
            slowest: slowest(&work),
            not_gradable: not_gradable(&work),
        },
    )
}

fn student<'a>(report: &'a Report, work: &'a [Submission], name: &'a Name) -> Student<'a> {
    let cell = |lesson: &LessonId| work.iter().find(|submission| submission.lesson == *lesson);
    let scores: course::Points = work.iter().filter_map(|submission| submission.score).sum();
    let max: course::Points = report.lessons.iter().map(|lesson| lesson.max_score).sum();
    let percent = statistics::percent(work).map_or_else(String::new, |part| format!("{part:.0}"));
    Student {
        name: &name.shown,
        page: name.file(),
        cells: report.lessons.iter().map(|lesson| cell(&lesson.id)).collect(),
        score: scores.to_string(),
        max: max.to_string(),
        percent,
    }
}

/// The verdicts that occur, from best to worst.
fn met(report: &Report) -> Vec<Verdict> {
    let occurs = |verdict: &Verdict| report.submissions.iter().any(|work| work.verdict == *verdict);
    Verdict::ALL.into_iter().filter(occurs).collect()
}

fn row<'a>(report: &'a Report, lesson: &'a report::GradedLesson, verdicts: &[Verdict]) -> Row<'a> {
    let of_lesson: Vec<_> =
        report.submissions.iter().filter(|work| work.lesson == lesson.id).collect();
    let cell = |verdict: &Verdict| {
        let count = of_lesson.iter().filter(|work| work.verdict == *verdict).count();
        Cell { count, heat: (count * 5).div_ceil(of_lesson.len().max(1)) }
    };
    Row { lesson: &lesson.id, title: &lesson.title, cells: verdicts.iter().map(cell).collect() }
}

fn slowest<'a>(work: &[(&'a [Submission], &'a Name)]) -> Vec<Slow<'a>> {
    let mut all: Vec<_> = work
        .iter()
        .flat_map(|(work, name)| work.iter().map(move |submission| (submission, *name)))
        .collect();
    all.sort_by_key(|(submission, _)| std::cmp::Reverse(submission.duration_ms));
    let slow = |(submission, name): (&'a Submission, &'a Name)| Slow {
        name: &name.shown,
        page: name.file(),
        lesson: &submission.lesson,
        seconds: format!("{:.1}", submission.duration_ms as f64 / 1000.0),
    };
    all.into_iter().take(SLOWEST).map(slow).collect()
}

fn not_gradable<'a>(work: &[(&'a [Submission], &'a Name)]) -> Vec<Ungraded<'a>> {
    let of = |(work, name): &(&'a [Submission], &'a Name)| {
        let name = *name;
        let ungraded = work.iter().filter(|work| work.status == Status::NotGradable);
        let entry = move |submission: &'a Submission| Ungraded {
            name: &name.shown,
            page: name.file(),
            lesson: &submission.lesson,
            why: printable_lines(submission.message.as_deref().unwrap_or_default()).to_string(),
        };
        ungraded.map(entry).collect::<Vec<_>>()
    };
    work.iter().flat_map(of).collect()
}
