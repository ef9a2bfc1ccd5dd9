//! One student's page.

use course::{Language, LessonId, Points};
use observation::Verdict;
use report::sheet::Stages;
use report::{
    Evidence, GradedLesson, Run, Status, Submission, TestResult, TestStatus, excerpt, meaning,
    printable, printable_lines,
};
use serde::Serialize;

use crate::names::Name;
use crate::{template, words};

/// What a page is made with, besides the student's work.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) lessons: &'a [GradedLesson],
    pub(crate) stages: &'a Stages,
    pub(crate) language: Language,
    /// The SVG at a path that the evidence of a test names.
    pub(crate) picture: &'a dyn Fn(&str) -> Option<String>,
}

#[derive(Serialize)]
struct Page<'a> {
    run: &'a Run,
    name: &'a Name,
    lessons: Vec<Lesson<'a>>,
    /// Lessons of the class that this student did not hand in.
    missing: Vec<&'a GradedLesson>,
}

#[derive(Serialize)]
struct Lesson<'a> {
    id: &'a str,
    title: &'a str,
    graded: bool,
    counts: Option<String>,
    because: &'a [String],
    verdict: Verdict,
    meaning: &'static str,
    score: String,
    max: String,
    message: Option<String>,
    /// How many of them passed.
    passed: usize,
    ran: bool,
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
    /// Whether the message has columns side by side, which lines that are broken would spoil.
    columns: bool,
    /// Whether the message may be higher than it is shown, so that it has to be scrolled.
    tall: bool,
    /// Whether the run stood still because the test holds tasks until enough are at work.
    held: bool,
    /// Whether there is nothing to say besides the points.
    bare: bool,
    hint: Option<Vec<Piece>>,
    tally: Option<String>,
    graph: Option<String>,
    alt: Option<String>,
    timelines: Vec<String>,
    /// The graph in words, unless the message has them already.
    words: Option<String>,
    witness: Option<String>,
}

/// A part of a text in which backticks mark code.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Piece {
    code: bool,
    text: String,
}

/// Lines, and bytes, from which a message may be higher than it is shown.
const LINES: usize = 20;
const TALL: usize = 800;

/// The page of the student called `name`, who handed in `submissions`.
pub(crate) fn render(run: &Run, view: View<'_>, submissions: &[Submission], name: &Name) -> String {
    let lessons = submissions.iter().map(|work| lesson(view, work)).collect();
    let handed_in = |id: &LessonId| submissions.iter().any(|work| work.lesson == *id);
    let missing = view.lessons.iter().filter(|lesson| !handed_in(&lesson.id)).collect();
    template::fill("student", run.language, Page { run, name, lessons, missing })
}

fn lesson<'a>(view: View<'a>, work: &'a Submission) -> Lesson<'a> {
    let shown: Vec<_> = work
        .tests
        .iter()
        .filter(|test| view.stages.of(&work.lesson).shows(test.visibility))
        .collect();
    let title = view.lessons.iter().find(|lesson| lesson.id == work.lesson);
    // What it counts for would tell of tests that are not shown.
    let grade = work.grade.as_ref().filter(|_| shown.len() == work.tests.len());
    let score: Points = shown.iter().filter_map(|test| test.score).sum();
    let max: Points = shown.iter().filter(|test| !test.extra).map(|test| test.max_score).sum();
    let ran = work.tests.iter().any(|test| test.status != TestStatus::NotRun);
    // A message about the whole submission can name tests, unless no test ran.
    let message = work.message.as_deref().filter(|_| !ran || shown.len() == work.tests.len());
    // The worst of what is shown: the verdict on the whole would tell of the rest.
    let verdict = match ran {
        true => shown.iter().map(|test| test.verdict).max().unwrap_or(Verdict::Pass),
        false => work.verdict,
    };
    Lesson {
        id: work.lesson.as_str(),
        title: title.map_or("", |lesson| &lesson.title),
        graded: work.status == Status::Graded,
        counts: grade.and_then(|grade| Some(grade.points?.to_string())),
        because: grade.map_or(&[], |grade| &grade.because),
        verdict,
        meaning: meaning(verdict, view.language),
        score: score.to_string(),
        max: max.to_string(),
        message: message.map(|text| excerpt(&printable_lines(text), view.language)),
        ran,
        passed: shown.iter().filter(|test| test.status == TestStatus::Passed).count(),
        tests: if ran { shown.iter().map(|shown| test(shown, view)).collect() } else { Vec::new() },
        kept_back: work.tests.len() - shown.len(),
    }
}

fn test(result: &TestResult, View { picture, language, .. }: View<'_>) -> Test {
    let none = Evidence::default();
    let evidence = result.evidence.as_ref().unwrap_or(&none);
    let lines = |text: &String| printable_lines(text).to_string();
    let graph = evidence.wait_for.as_ref();
    // The wait-for graph is drawn here, in words and as a picture.
    let timelines = evidence.pictures.iter().filter(|path| !path.ends_with(".wait-for.svg"));
    let timelines = timelines.filter_map(|path| Some(template::image(&picture(path)?)));
    let message = result.message.as_ref().map(|text| excerpt(&lines(text), language));
    let alt = graph.map(|graph| lines(&graph.to_string()));
    let words = alt.clone().filter(|words| {
        let said = |line: &str| message.as_ref().is_some_and(|message| message.contains(line));
        !words.lines().all(said)
    });
    let timelines: Vec<_> = timelines.collect();
    let witness = evidence.witness.as_ref().map(lines);
    let tally = evidence.tally;
    let said = message.is_some() || result.hint.is_some() || witness.is_some() || tally.is_some();
    Test {
        label: printable(result.label()).to_string(),
        status: result.status,
        verdict: result.verdict,
        score: result.score.map(|score| score.to_string()),
        max: result.max_score.to_string(),
        extra: result.extra,
        columns: message.as_ref().is_some_and(|text| text.contains(" | ")),
        tall: message
            .as_ref()
            .is_some_and(|text| text.len() > TALL || text.lines().count() > LINES),
        held: result.verdict == Verdict::Serialised,
        bare: !said && graph.is_none() && timelines.is_empty(),
        message,
        hint: result.hint.as_ref().map(|hint| pieces(&lines(hint))),
        tally: tally.map(|tally| words::tally(tally.failed.into(), tally.runs.into(), language)),
        timelines,
        graph: graph.map(|graph| template::image(&::picture::wait_for(graph))),
        alt,
        words,
        witness,
    }
}

/// Takes `text` apart at its backticks; one without a partner is a letter like any other.
fn pieces(text: &str) -> Vec<Piece> {
    let parts: Vec<&str> = text.split('`').collect();
    let last = parts.len() - 1;
    let piece = |(index, part): (usize, &&str)| match index % 2 {
        1 if index < last => Piece { code: true, text: (*part).to_owned() },
        1 => Piece { code: false, text: format!("`{part}") },
        _ => Piece { code: false, text: (*part).to_owned() },
    };
    parts.iter().enumerate().map(piece).filter(|piece| !piece.text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_mark_code_and_a_lone_one_does_not() {
        let told = |text: &str| {
            pieces(text).into_iter().map(|piece| (piece.code, piece.text)).collect::<Vec<_>>()
        };
        let (text, code) =
            (|text: &str| (false, text.to_owned()), |text: &str| (true, text.to_owned()));
        assert_eq!(told("call `wait` once"), [text("call "), code("wait"), text(" once")]);
        assert_eq!(told("`a` and `b"), [code("a"), text(" and "), text("`b")]);
        assert_eq!(told("``"), []);
        assert_eq!(told(""), []);
    }
}
