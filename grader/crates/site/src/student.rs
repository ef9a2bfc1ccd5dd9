//! One student's page.

use course::Points;
use observation::Verdict;
use report::sheet::Stage;
use report::{
    Evidence, GradedLesson, Run, Status, Submission, TestResult, TestStatus, printable,
    printable_lines,
};
use serde::Serialize;

use crate::names::Name;
use crate::template;

#[derive(Serialize)]
struct Page<'a> {
    run: &'a Run,
    name: &'a str,
    lessons: Vec<Lesson<'a>>,
}

#[derive(Serialize)]
struct Lesson<'a> {
    id: &'a str,
    title: &'a str,
    graded: bool,
    verdict: Verdict,
    score: String,
    max: String,
    message: Option<String>,
    tests: Vec<Test>,
    kept_back: usize,
}

#[derive(Serialize)]
struct Test {
    label: String,
    status: TestStatus,
    verdict: Verdict,
    score: Option<String>,
    max: String,
    extra: bool,
    message: Option<String>,
    hint: Option<String>,
    tally: Option<String>,
    graph: Option<String>,
    words: Option<String>,
    witness: Option<String>,
}

/// The page of the student called `name`, who handed in `submissions`.
pub(crate) fn render(
    run: &Run,
    lessons: &[GradedLesson],
    submissions: &[Submission],
    name: &Name,
    stage: Stage,
) -> String {
    let lessons = submissions.iter().map(|work| lesson(lessons, work, stage)).collect();
    template::fill("student", Page { run, name: &name.shown, lessons })
}

fn lesson<'a>(lessons: &'a [GradedLesson], work: &'a Submission, stage: Stage) -> Lesson<'a> {
    let shown: Vec<_> = work.tests.iter().filter(|test| stage.shows(test.visibility)).collect();
    let title = lessons.iter().find(|lesson| lesson.id == work.lesson);
    let score: Points = shown.iter().filter_map(|test| test.score).sum();
    let max: Points = shown.iter().filter(|test| !test.extra).map(|test| test.max_score).sum();
    let ran = work.tests.iter().any(|test| test.status != TestStatus::NotRun);
    // A message about the whole submission can name tests, unless no test ran.
    let message = work.message.as_deref().filter(|_| !ran || shown.len() == work.tests.len());
    Lesson {
        id: work.lesson.as_str(),
        title: title.map_or("", |lesson| &lesson.title),
        graded: work.status == Status::Graded,
        // The worst of what is shown: the verdict on the whole would tell of the rest.
        verdict: match ran {
            true => shown.iter().map(|test| test.verdict).max().unwrap_or(Verdict::Pass),
            false => work.verdict,
        },
        score: score.to_string(),
        max: max.to_string(),
        message: message.map(|text| printable_lines(text).to_string()),
        tests: if ran { shown.iter().map(|shown| test(shown)).collect() } else { Vec::new() },
        kept_back: work.tests.len() - shown.len(),
    }
}

fn test(result: &TestResult) -> Test {
    let none = Evidence::default();
    let evidence = result.evidence.as_ref().unwrap_or(&none);
    let lines = |text: &String| printable_lines(text).to_string();
    let graph = evidence.wait_for.as_ref();
    Test {
        label: printable(result.label()).to_string(),
        status: result.status,
        verdict: result.verdict,
        score: result.score.map(|score| score.to_string()),
        max: result.max_score.to_string(),
        extra: result.extra,
        message: result.message.as_ref().map(lines),
        hint: result.hint.as_ref().map(lines),
        tally: evidence.tally.map(|tally| format!("{} of {} runs", tally.failed, tally.runs)),
        graph: graph.map(|graph| template::image(&picture::wait_for(graph))),
        words: graph.map(|graph| lines(&graph.to_string())),
        witness: evidence.witness.as_ref().map(lines),
    }
}
