use std::sync::Arc;

use observation::Limits;
use serde::{Deserialize, Serialize};

use crate::error::Source;
use crate::names::{CourseId, CrateName, LessonId, StudentFile, TestName, UnitId};
use crate::node::NodeId;
use crate::points::Points;
use crate::text::{Hint, Text};

/// A course, as its `course.yaml` says.
#[derive(Clone, Debug)]
pub struct Course {
    /// Its name among courses.
    pub id: CourseId,
    /// Its title.
    pub title: Text,
    /// Its units in teaching order; at least one.
    pub units: Vec<Unit>,
    /// How scores turn into grades.
    #[cfg(feature = "policies")]
    pub policies: crate::policy::Policies,
    pub(crate) source: Arc<Source>,
}

impl Course {
    /// Every lesson in teaching order.
    pub fn lessons(&self) -> impl Iterator<Item = &Lesson> {
        self.units.iter().flat_map(|unit| &unit.lessons)
    }

    /// The lesson called `id`.
    pub fn lesson(&self, id: &str) -> Option<&Lesson> {
        self.lessons().find(|lesson| lesson.id.as_str() == id)
    }
}

/// A part of a course.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Its name within the course.
    pub id: UnitId,
    /// Its title.
    pub title: Text,
    /// Its lessons in teaching order; at least one.
    pub lessons: Vec<Lesson>,
}

/// One exercise.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// Its package and folder; unique in the course.
    pub id: LessonId,
    /// Its title.
    pub title: Text,
    /// Lessons to do first; all of them come earlier in the course.
    pub requires: Vec<LessonId>,
    /// What a student hands in, and all that a submission can replace; at least one, no duplicates.
    pub files: Vec<StudentFile>,
    /// Crates that the student's code may use besides std.
    pub crates: Vec<CrateName>,
    /// Whether the student's code may say `unsafe`.
    pub unsafe_code: Permission,
    /// The bounds of each run: the lesson's own over the course's over the usual ones.
    pub limits: Limits,
    /// Its tests, in the order in which reports show them; at least one, names unique.
    pub tests: Vec<Test>,
    pub(crate) tests_at: NodeId,
}

impl Lesson {
    /// The test called `name`.
    pub fn test(&self, name: &str) -> Option<&Test> {
        self.tests.iter().find(|test| test.name.as_str() == name)
    }

    /// The points of all tests that are not extra credit; never zero.
    pub fn max_score(&self) -> Points {
        self.tests.iter().filter(|test| !test.extra).map(|test| test.points).sum()
    }
}

/// One test of a lesson, and what it is worth.
#[derive(Clone, Debug)]
pub struct Test {
    /// As the test binary prints it.
    pub name: TestName,
    /// For passing it.
    pub points: Points,
    /// How reports call it; its name if absent.
    pub title: Option<Text>,
    /// When students see it.
    pub visibility: Visibility,
    /// Whether its points come on top of the maximum.
    pub extra: bool,
    /// What to tell a student who fails it.
    pub hint: Option<Hint>,
    pub(crate) name_at: NodeId,
}

/// When students see a test and its result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// At once.
    #[default]
    Visible,
    /// Never.
    Hidden,
    /// Once the lesson is due.
    AfterDue,
    /// Once grades are published.
    AfterPublished,
}

impl Visibility {
    pub(crate) const WORDS: [(&str, Self); 4] = [
        ("visible", Self::Visible),
        ("hidden", Self::Hidden),
        ("after-due", Self::AfterDue),
        ("after-published", Self::AfterPublished),
    ];
}

/// Whether something may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// It may.
    Allowed,
    /// It may not.
    #[default]
    Forbidden,
}

impl Permission {
    pub(crate) const WORDS: [(&str, Self); 2] =
        [("allowed", Self::Allowed), ("forbidden", Self::Forbidden)];
}
