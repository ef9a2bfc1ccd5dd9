use std::collections::BTreeMap;

use course::{CourseId, Language, Lesson, LessonId, Points, TestName, Visibility};
use observation::{Observation, Verdict, WaitFor};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// The version of the serialised form.
pub const SCHEMA: &str = "interleave/results/v1";

/// What one run of the grader found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Always [`SCHEMA`].
    #[serde(deserialize_with = "known_schema")]
    pub schema: String,
    /// The circumstances.
    #[serde(flatten)]
    pub run: Run,
    /// The lessons that were graded, in teaching order.
    pub lessons: Vec<GradedLesson>,
    /// Every submission, by student and then in teaching order.
    pub submissions: Vec<Submission>,
}

impl Report {
    /// A report in its fixed order, whatever the order in which the submissions were graded.
    pub fn new(run: Run, lessons: Vec<GradedLesson>, mut submissions: Vec<Submission>) -> Self {
        let place = |id: &LessonId| lessons.iter().position(|lesson| lesson.id == *id);
        submissions.sort_by(|a, b| {
            let students = a.student.cmp(&b.student);
            students.then_with(|| place(&a.lesson).cmp(&place(&b.lesson)))
        });
        Self { schema: SCHEMA.to_owned(), run, lessons, submissions }
    }

    /// The submissions grouped by student, in the report's order.
    pub fn students(&self) -> impl Iterator<Item = &[Submission]> {
        self.submissions.chunk_by(|a, b| a.student == b.student)
    }
}

fn known_schema<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let schema = String::deserialize(from)?;
    match schema == SCHEMA {
        true => Ok(schema),
        false => Err(D::Error::custom(format!("this is `{schema}`, and only `{SCHEMA}` is known"))),
    }
}

/// The circumstances of a run of the grader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The course.
    pub course: CourseId,
    /// The grader's version.
    pub grader: String,
    /// The compiler's version, as it names itself.
    pub toolchain: String,
    /// When the run started, as RFC 3339.
    pub started: String,
    /// What held the students' programs, in words.
    pub confinement: String,
    /// The language of titles and hints.
    pub language: Language,
}

/// A lesson that was graded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradedLesson {
    /// Its name.
    pub id: LessonId,
    /// Its title, in the report's language.
    pub title: String,
    /// What it is worth without extra credit.
    pub max_score: Points,
}

impl GradedLesson {
    /// The lesson, as reports in `language` show it.
    pub fn new(lesson: &Lesson, language: Language) -> Self {
        Self {
            id: lesson.id.clone(),
            title: lesson.title.get(language).to_owned(),
            max_score: lesson.max_score(),
        }
    }
}

/// One student's work on one lesson.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// The student, as the folder names them.
    pub student: String,
    /// The lesson.
    pub lesson: LessonId,
    /// What was handed in: SHA-256 in hexadecimal, by the file's place in the exercise.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// Whether it could be graded.
    pub status: Status,
    /// The worst verdict of its tests.
    pub verdict: Verdict,
    /// The points of all passed tests; none, and never zero, if it could not be graded.
    pub score: Option<Points>,
    /// The points of all tests without extra credit.
    pub max_score: Points,
    /// How long grading took, in milliseconds.
    pub duration_ms: u64,
    /// How often grading was tried.
    pub attempts: u32,
    /// Which attempt of the student's it is, and when it was handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed_in: Option<HandedIn>,
    /// What it counts for after the course's policies; none if the score is all that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// What holds for the whole submission: the compiler's message, or why it was not graded.
    pub message: Option<String>,
    /// Its tests in the order of the course.
    pub tests: Vec<TestResult>,
}

impl Submission {
    /// The points that count after the course's policies; none if they are not known.
    pub fn counts(&self) -> Option<Points> {
        self.grade.as_ref().map_or(self.score, |grade| grade.points)
    }
}

/// One of a student's attempts at a lesson.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedIn {
    /// From 1, in the order in which they were handed in.
    pub attempt: u32,
    /// When, if that is known: RFC 3339, or without an offset where none was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Whether the system that it came from marks it as late, if it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late: Option<bool>,
}

/// What a submission counts for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grade {
    /// The points that count; none if it is not known yet.
    pub points: Option<Points>,
    /// How they come about, for the student: a sentence for each step from the score on.
    pub because: Vec<String>,
}

/// Whether a submission could be graded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It was.
    Graded,
    /// A fault that is not the student's stood in the way.
    NotGradable,
}

/// One test of one submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestResult {
    /// The name in the course.
    pub name: TestName,
    /// How people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What happened.
    pub status: TestStatus,
    /// Why.
    pub verdict: Verdict,
    /// The points earned; none if the test could not be judged.
    pub score: Option<Points>,
    /// The points that passing it earns.
    pub max_score: Points,
    /// When students see it.
    pub visibility: Visibility,
    /// Whether its points come on top of the maximum.
    pub extra: bool,
    /// What was seen, for a person.
    pub message: Option<String>,
    /// What to try.
    pub hint: Option<String>,
    /// What was seen, for a machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

impl TestResult {
    /// The title, or the name if it has none.
    pub fn label(&self) -> &str {
        self.title.as_deref().unwrap_or(self.name.as_str())
    }
}

/// What happened to a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestStatus {
    /// All that it checks holds.
    Passed,
    /// Something that it checks does not.
    Failed,
    /// This host cannot show what it checks.
    NotCheckable,
    /// It did not come to that.
    NotRun,
}

/// What a verdict rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Who waited for whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<WaitFor>,
    /// How to see the failure again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<String>,
    /// The file for `grader replay`, seen from the folder of results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
    /// How many runs failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tally: Option<Tally>,
    /// The pictures of a failing run, as paths beside the results.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<String>,
    /// The run that they show; drawn when results are written.
    #[serde(skip)]
    pub run: Option<Box<Observation>>,
}

/// So many of so many runs failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Runs that failed.
    pub failed: u32,
    /// Runs in all.
    pub runs: u32,
}
