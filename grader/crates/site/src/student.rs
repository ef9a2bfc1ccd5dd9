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

/// What a page is made with, besides the student's work.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) lessons: &'a [GradedLesson],
    pub(crate) stage: Stage,
    /// The SVG at a path that the evidence of a test names.
    pub(crate) picture: &'a dyn Fn(&str) -> Option<String>,
}

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
    counts: Option<String>,
    because: &'a [String],
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
    timelines: Vec<String>,
    words: Option<String>,
    witness: Option<String>,
}

/// The page of the student called `name`, who handed in `submissions`.
pub(crate) fn render(run: &Run, view: View<'_>, submissions: &[Submission], name: &Name) -> String {
    let lessons = submissions.iter().map(|work| lesson(view, work)).collect();
    template::fill("student", Page { run, name: &name.shown, lessons })
}

fn lesson<'a>(view: View<'a>, work: &'a Submission) -> Lesson<'a> {
    let shown: Vec<_> =
        work.tests.iter().filter(|test| view.stage.shows(test.visibility)).collect();
    let title = view.lessons.iter().find(|lesson| lesson.id == work.lesson);
    // What it counts for would tell of tests that are not shown.
    let grade = work.grade.as_ref().filter(|_| shown.len() == work.tests.len());
    let score: Points = shown.iter().filter_map(|test| test.score).sum();
    let max: Points = shown.iter().filter(|test| !test.extra).map(|test| test.max_score).sum();
    let ran = work.tests.iter().any(|test| test.status != TestStatus::NotRun);
    // A message about the whole submission can name tests, unless no test ran.
    let message = work.message.as_deref().filter(|_| !ran || shown.len() == work.tests.len());
    Lesson {
        id: work.lesson.as_str(),
        title: title.map_or("", |lesson| &lesson.title),
        graded: work.status == Status::Graded,
        counts: grade.and_then(|grade| Some(grade.points?.to_string())),
        because: grade.map_or(&[], |grade| &grade.because),
        // The worst of what is shown: the verdict on the whole would tell of the rest.
        verdict: match ran {
            true => shown.iter().map(|test| test.verdict).max().unwrap_or(Verdict::Pass),
            false => work.verdict,
        },
        score: score.to_string(),
        max: max.to_string(),
        message: message.map(|text| printable_lines(text).to_string()),
        tests: if ran {
            shown.iter().map(|shown| test(shown, view.picture)).collect()
        } else {
            Vec::new()
        },
        kept_back: work.tests.len() - shown.len(),
    }
}

fn test(result: &TestResult, picture: &dyn Fn(&str) -> Option<String>) -> Test {
    let none = Evidence::default();
    let evidence = result.evidence.as_ref().unwrap_or(&none);
    let lines = |text: &String| printable_lines(text).to_string();
    let graph = evidence.wait_for.as_ref();
    // The wait-for graph is drawn here, in words and as a picture.
    let timelines = evidence.pictures.iter().filter(|path| !path.ends_with(".wait-for.svg"));
    let timelines = timelines.filter_map(|path| Some(template::image(&picture(path)?)));
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
        timelines: timelines.collect(),
        graph: graph.map(|graph| template::image(&::picture::wait_for(graph))),
        words: graph.map(|graph| lines(&graph.to_string())),
        witness: evidence.witness.as_ref().map(lines),
    }
}
