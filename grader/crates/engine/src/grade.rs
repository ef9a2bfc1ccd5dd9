//! Grades one submission to one lesson.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use course::{Course, Lesson, LessonId, TestName};
use intake::{BadFile, SourceFile};
use jail::{Slot, Tier};
use keeper::{Keeper, Place};
use observation::Verdict;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use thiserror::Error;

use crate::compile::{CompileError, Compiled, compile};
use crate::explore;
use crate::judge::{JudgeError, Judgement, judge};
use crate::prepare::{PrepareError, Prepared, prepare};
use crate::toolchain::{Toolchain, ToolchainError};

/// All that is built and known before the first submission is looked at.
pub struct Workshop {
    course: Course,
    toolchain: Toolchain,
    jail: Jail,
    prepared: BTreeMap<LessonId, Prepared>,
    /// Holds the libraries that submissions are linked with, and the submissions in work.
    scratch: TempDir,
}

/// The walls behind which everything of a student's runs, compilers included.
#[derive(Clone, Debug)]
pub struct Jail {
    /// Who puts them up.
    pub keeper: Keeper,
    /// How strong they are; proved.
    pub tier: Tier,
}

/// Why grading cannot begin.
#[derive(Debug, Error)]
pub enum SetupError {
    /// No compiler.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    /// The course's tests cannot be built or do not fit course.yaml.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
}

/// What became of a submission.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It never ran: a file is missing, or the compiler refused it.
    Refused {
        /// The kind of refusal.
        verdict: Verdict,
        /// What to tell its author.
        message: String,
    },
    /// Every test of the lesson ran, in the order of course.yaml.
    Judged {
        /// Each test with what it found.
        tests: Vec<(TestName, Judgement)>,
        /// The snapshots that the tests compared with.
        snapshots: Vec<PathBuf>,
    },
}

/// Why a submission could not be graded: never its author's fault.
#[derive(Debug, Error)]
pub enum GradeError {
    /// No folder to work in.
    #[error("cannot make a folder to work in: {0}; is the disk full?")]
    Scratch(#[source] std::io::Error),
    /// The compiler could not do its work.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// A test could not do its work.
    #[error(transparent)]
    Judge(#[from] JudgeError),
}

impl Workshop {
    /// Builds the tests of `lessons` in the course at `root`.
    pub fn set_up(
        root: &Path,
        course: Course,
        lessons: &[LessonId],
        jail: Jail,
    ) -> Result<Self, SetupError> {
        let toolchain = Toolchain::find(root)?;
        let chosen: Vec<&Lesson> =
            course.lessons().filter(|lesson| lessons.contains(&lesson.id)).collect();
        let (prepared, scratch) = prepare(root, &course, &chosen)?;
        Ok(Self { course, toolchain, jail, prepared, scratch })
    }

    /// The course.
    pub fn course(&self) -> &Course {
        &self.course
    }

    /// The compiler.
    pub fn toolchain(&self) -> &Toolchain {
        &self.toolchain
    }

    /// The lesson that a submission is for.
    ///
    /// # Panics
    ///
    /// If the workshop was not set up for it.
    pub fn lesson(&self, id: &LessonId) -> &Lesson {
        self.course
            .lesson(id.as_str())
            .expect("submissions are collected for lessons of the course")
    }

    /// The lessons that it was set up for.
    pub(crate) fn prepared(&self) -> impl Iterator<Item = (&LessonId, &Prepared)> {
        self.prepared.iter()
    }

    /// The walls.
    pub fn jail(&self) -> &Jail {
        &self.jail
    }

    /// Grades `files` handed in for `lesson` in `slot`, in a folder of its own that is gone afterwards.
    ///
    /// What runs at the same time has to be in other slots.
    pub fn grade(
        &self,
        lesson: &LessonId,
        files: &Result<Vec<SourceFile>, BadFile>,
        slot: Slot,
    ) -> Result<Outcome, GradeError> {
        let files = match files {
            Ok(files) => files,
            Err(bad) => {
                let message = bad.to_string();
                return Ok(Outcome::Refused { verdict: Verdict::DoesNotCompile, message });
            }
        };
        // Not in /tmp: behind the walls that is the program's own, and has to start out empty.
        let folder = TempDir::with_prefix_in("submission-", &self.scratch);
        let folder = folder.map_err(GradeError::Scratch)?;
        let Jail { keeper, tier } = self.jail.clone();
        let desk = Desk {
            lesson: self.lesson(lesson),
            prepared: &self.prepared[lesson],
            toolchain: &self.toolchain,
            folder: folder.path(),
            place: Place { keeper, tier, slot },
        };
        desk.grade(files)
    }
}

/// Where one submission lies while it is graded.
struct Desk<'a> {
    lesson: &'a Lesson,
    prepared: &'a Prepared,
    toolchain: &'a Toolchain,
    folder: &'a Path,
    place: Place,
}

impl Desk<'_> {
    fn grade(&self, files: &[SourceFile]) -> Result<Outcome, GradeError> {
        let Self { lesson, prepared, toolchain, folder, place } = self;
        match compile(toolchain, lesson, prepared, files, folder, place)? {
            Compiled::Refused { verdict, message } => Ok(Outcome::Refused { verdict, message }),
            Compiled::Program(program) => self.judge(files, &program),
        }
    }

    fn judge(&self, files: &[SourceFile], program: &Path) -> Result<Outcome, GradeError> {
        let Self { lesson, prepared, toolchain, folder, place } = self;
        let exploration = match &prepared.explored {
            Some(explored) => Some(explore::build(toolchain, explored, files, folder, place)?),
            None => None,
        };
        let mut tests = Vec::new();
        for test in &lesson.tests {
            let name = test.name.as_str();
            let judgement = match (prepared.tests.get(name), &exploration) {
                (None, Some(built)) => explore::judge(lesson, built, name, folder, place)?,
                _ => judge(lesson, prepared, name, program, folder, place)?,
            };
            tests.push((test.name.clone(), judgement));
        }
        Ok(Outcome::Judged { tests, snapshots: crate::judge::snapshots(folder) })
    }
}
