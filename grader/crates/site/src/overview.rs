//! How the class did.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use course::{LessonId, Points};
use observation::Verdict;
use report::statistics::{self, Item, Items};
use report::{GradedLesson, Run, Status, Submission, meaning, printable_lines};
use serde::Serialize;

use crate::chart::{self, Bar};
use crate::names::{Absent, Name, Names};
use crate::template;

/// Submissions that the list of the slowest holds.
const SLOWEST: usize = 10;
/// Milliseconds from which a submission can be one of them: what was known took none.
const SLOW: u64 = 100;
/// Students that the list of those with the fewest points holds.
const FEWEST: usize = 20;
/// Tests that are named as the hardest.
const HARDEST: usize = 5;
/// Names up to which a list of those who did not hand in is open.
const OPEN: usize = 40;

/// What the overview shows, taken in student by student.
#[derive(Default)]
pub(crate) struct Overview {
    /// Whether the order in which students are taken in would tell who they are.
    by_number: bool,
    students: Vec<Student>,
    submissions: usize,
    graded: usize,
    percents: Vec<f64>,
    verdicts: BTreeMap<(LessonId, Verdict), usize>,
    items: Items,
    slowest: Vec<Slow>,
    not_gradable: Vec<Ungraded>,
}

#[derive(Serialize)]
struct Student {
    name: Name,
    /// One for each lesson; none if it was not handed in.
    cells: Vec<Option<Work>>,
    points: Points,
    percent: String,
    /// Whether that is less than half the points of all lessons, handed in or not.
    #[serde(skip)]
    few: bool,
}

#[derive(Serialize)]
struct Work {
    /// What counts.
    points: Option<Points>,
    /// Whether that is not the score.
    starred: bool,
    verdict: Verdict,
}

#[derive(Serialize)]
struct Slow {
    name: Name,
    lesson: LessonId,
    milliseconds: u64,
}

#[derive(Serialize)]
struct Ungraded {
    name: Name,
    lesson: LessonId,
    why: String,
}

/// A verdict that was met.
#[derive(Serialize)]
struct Legend {
    word: Verdict,
    meaning: &'static str,
}

/// A test, as the page shows it.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    item: Item,
    /// The discrimination, to two places; empty if there is none.
    shown: String,
    /// Whether it tells students apart badly.
    low: bool,
}

/// A discrimination below which a test is worth a look.
const LOW: f64 = 0.1;

impl From<Item> for Shown {
    fn from(item: Item) -> Self {
        let shown = item.discrimination.map_or_else(String::new, |value| format!("{value:.2}"));
        let low = item.discrimination.is_some_and(|value| value < LOW);
        Self { item, shown, low }
    }
}

/// A student with few points, and what became of each lesson that is not right.
#[derive(Serialize)]
struct Weak<'a> {
    student: &'a Student,
    lessons: Vec<(&'a LessonId, Option<Verdict>)>,
}

/// Who did not hand in a lesson.
#[derive(Serialize)]
struct Gap<'a> {
    lesson: &'a LessonId,
    names: Vec<&'a Name>,
    open: bool,
}

/// A lesson of the heat map.
#[derive(Serialize)]
struct Row<'a> {
    lesson: &'a GradedLesson,
    handed_in: usize,
    cells: Vec<Cell>,
}

#[derive(Serialize)]
struct Cell {
    count: usize,
    /// From 0, nobody, to 5, everybody.
    heat: usize,
}

#[derive(Serialize)]
struct Columns {
    name: bool,
    group: bool,
    section: bool,
}

/// A test that few passed.
#[derive(Serialize)]
struct Hard {
    label: String,
    lesson: LessonId,
    percent: String,
}

#[derive(Serialize)]
struct Page<'a> {
    course: &'a str,
    run: &'a Run,
    lessons: &'a [GradedLesson],
    max: Points,
    students: Vec<&'a Student>,
    /// Which of name, group and section is known of anybody.
    columns: Columns,
    absent: usize,
    absentees: Vec<&'a Absent>,
    gaps: Vec<Gap<'a>>,
    /// Of those with few points the ones with the fewest, and how many there are in all.
    weak: Vec<Weak<'a>>,
    few: usize,
    hardest: Vec<Hard>,
    submissions: usize,
    graded: usize,
    median: Option<String>,
    bars: Vec<Bar>,
    chart: (f64, f64),
    verdicts: Vec<Legend>,
    heat: Vec<Row<'a>>,
    items: Vec<Shown>,
    slowest: &'a [Slow],
    not_gradable: Vec<&'a Ungraded>,
}

impl Overview {
    /// An overview of students under `names`.
    pub(crate) fn of(names: Names) -> Self {
        Self { by_number: names != Names::Shown, ..Self::default() }
    }

    /// Takes in what the student called `name` handed in.
    pub(crate) fn add(&mut self, name: &Name, work: &[Submission], lessons: &[GradedLesson]) {
        let cell = |lesson: &GradedLesson| {
            let own = work.iter().find(|submission| submission.lesson == lesson.id)?;
            let points = own.counts();
            Some(Work { points, starred: points != own.score, verdict: own.verdict })
        };
        let percent = statistics::percent(work);
        let points: Points = work.iter().filter_map(Submission::counts).sum();
        // What could not be graded is held against nobody.
        let unknown = |lesson: &&GradedLesson| {
            work.iter().any(|work| work.lesson == lesson.id && work.counts().is_none())
        };
        let known = lessons.iter().filter(|lesson| !unknown(lesson));
        let max: Points = known.map(|lesson| lesson.max_score).sum();
        self.students.push(Student {
            name: name.clone(),
            cells: lessons.iter().map(cell).collect(),
            points,
            few: points.hundredths() * 2 < max.hundredths(),
            percent: percent.map_or_else(String::new, |part| format!("{part:.0}")),
        });
        self.percents.extend(percent);
        for submission in work {
            self.count(name, submission);
        }
    }

    fn count(&mut self, name: &Name, work: &Submission) {
        self.submissions += 1;
        let lesson = work.lesson.clone();
        *self.verdicts.entry((lesson.clone(), work.verdict)).or_default() += 1;
        self.items.add(work);
        match work.status {
            Status::Graded => self.graded += 1,
            Status::NotGradable => {
                let why = printable_lines(work.message.as_deref().unwrap_or_default());
                let (name, lesson) = (name.clone(), lesson.clone());
                self.not_gradable.push(Ungraded { name, lesson, why: why.to_string() });
            }
        }
        if work.duration_ms >= SLOW {
            self.slowest.push(Slow { name: name.clone(), lesson, milliseconds: work.duration_ms });
            // Not by the order in which they came, which would tell who they are.
            self.slowest.sort_by_key(|slow| (Reverse(slow.milliseconds), slow.name.shown.clone()));
            self.slowest.truncate(SLOWEST);
        }
    }

    /// The page; `absent` are those who handed in nothing.
    pub(crate) fn render(
        &self,
        course: &str,
        run: &Run,
        lessons: &[GradedLesson],
        absent: &[Option<Absent>],
    ) -> String {
        let met = |verdict: &Verdict| self.verdicts.keys().any(|(_, seen)| seen == verdict);
        let verdicts: Vec<_> = Verdict::ALL.into_iter().filter(met).collect();
        let mut students: Vec<_> = self.students.iter().collect();
        let mut not_gradable: Vec<_> = self.not_gradable.iter().collect();
        if self.by_number {
            students.sort_by(|a, b| a.name.shown.cmp(&b.name.shown));
            not_gradable.sort_by(|a, b| a.name.shown.cmp(&b.name.shown));
        }
        let absentees: Vec<_> = absent.iter().flatten().collect();
        let items: Vec<_> = self.items.finish(lessons);
        let known = |what: fn(&Name) -> bool| students.iter().any(|student| what(&student.name));
        let columns = Columns {
            name: known(|name| name.person.name.is_some()),
            group: known(|name| name.person.group.is_some()),
            section: known(|name| name.person.section.is_some()),
        };
        let legend = |word: &Verdict| Legend { word: *word, meaning: meaning(*word, run.language) };
        template::fill(
            "overview",
            run.language,
            Page {
                course,
                run,
                lessons,
                max: lessons.iter().map(|lesson| lesson.max_score).sum(),
                gaps: gaps(&students, lessons),
                weak: weak(&students, lessons),
                few: students.iter().filter(|student| student.few).count(),
                hardest: hardest(&items),
                students,
                columns,
                absent: absent.len(),
                absentees,
                submissions: self.submissions,
                graded: self.graded,
                median: statistics::median(&self.percents).map(|median| format!("{median:.0}")),
                bars: chart::histogram(&self.percents),
                chart: (chart::WIDTH, chart::HEIGHT),
                heat: lessons.iter().map(|lesson| self.row(lesson, &verdicts)).collect(),
                verdicts: verdicts.iter().map(legend).collect(),
                items: items.into_iter().map(Shown::from).collect(),
                slowest: &self.slowest,
                not_gradable,
            },
        )
    }

    fn row<'a>(&self, lesson: &'a GradedLesson, verdicts: &[Verdict]) -> Row<'a> {
        let count = |verdict: &Verdict| {
            self.verdicts.get(&(lesson.id.clone(), *verdict)).copied().unwrap_or(0)
        };
        let all: usize = verdicts.iter().map(count).sum();
        let cell = |verdict: &Verdict| {
            let count = count(verdict);
            Cell { count, heat: (count * 5).div_ceil(all.max(1)) }
        };
        Row { lesson, handed_in: all, cells: verdicts.iter().map(cell).collect() }
    }
}

/// Who did not hand in which lesson, where anybody did not.
fn gaps<'a>(students: &[&'a Student], lessons: &'a [GradedLesson]) -> Vec<Gap<'a>> {
    let gap = |(index, lesson): (usize, &'a GradedLesson)| {
        let without = students.iter().filter(|student| student.cells[index].is_none());
        let names: Vec<_> = without.map(|student| &student.name).collect();
        Gap { lesson: &lesson.id, open: names.len() <= OPEN, names }
    };
    lessons.iter().enumerate().map(gap).filter(|gap| !gap.names.is_empty()).collect()
}

/// Those with less than half the points of all lessons, the fewest first.
fn weak<'a>(students: &[&'a Student], lessons: &'a [GradedLesson]) -> Vec<Weak<'a>> {
    let mut weak: Vec<_> = students.iter().filter(|student| student.few).collect();
    weak.sort_by_key(|student| student.points);
    let of = |student: &&&'a Student| {
        let cells = student.cells.iter().map(|cell| cell.as_ref().map(|work| work.verdict));
        let lessons = lessons.iter().map(|lesson| &lesson.id).zip(cells);
        Weak {
            student,
            lessons: lessons.filter(|(_, verdict)| *verdict != Some(Verdict::Pass)).collect(),
        }
    };
    weak.iter().take(FEWEST).map(of).collect()
}

/// The tests that the fewest passed, if they are fewer than all.
fn hardest(items: &[Item]) -> Vec<Hard> {
    let mut hard: Vec<_> = items.iter().filter(|item| item.passed < item.judged).collect();
    hard.sort_by(|a, b| a.difficulty.total_cmp(&b.difficulty));
    let told = |item: &&Item| Hard {
        label: item.label.clone(),
        lesson: item.lesson.clone(),
        percent: format!("{:.0}", 100.0 * item.difficulty),
    };
    hard.iter().take(HARDEST).map(told).collect()
}
