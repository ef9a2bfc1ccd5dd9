//! Grades one submission to one lesson.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use course::{Course, Lesson, LessonId, TestName};
use intake::{BadFile, SourceFile};
use jail::{Slot, Tier};
use keeper::{Keeper, Place};
use observation::{Observation, Request, Verdict};
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
        let mut outcomes = self.rehearse(lesson, files, slot, NonZeroU32::MIN)?;
        Ok(outcomes.pop().expect("there is an outcome for each of the runs"))
    }

    /// Compiles `files` once and judges them `times`, with an outcome for each.
    pub fn rehearse(
        &self,
        lesson: &LessonId,
        files: &Result<Vec<SourceFile>, BadFile>,
        slot: Slot,
        times: NonZeroU32,
    ) -> Result<Vec<Outcome>, GradeError> {
        let files = match files {
            Ok(files) => files,
            Err(bad) => {
                let message = bad.to_string();
                let refused = Outcome::Refused { verdict: Verdict::DoesNotCompile, message };
                return Ok(vec![refused; times.get() as usize]);
            }
        };
        self.at_a_desk(lesson, slot, |desk| desk.rehearse(files, times))
    }

    /// Runs `files` handed in for `lesson` once, with `arguments`; none if they do not compile.
    pub fn observe(
        &self,
        lesson: &LessonId,
        files: &Result<Vec<SourceFile>, BadFile>,
        arguments: &[String],
        slot: Slot,
    ) -> Result<Option<Observation>, GradeError> {
        let Ok(files) = files else { return Ok(None) };
        self.at_a_desk(lesson, slot, |desk| match desk.compile(files)? {
            Compiled::Refused { .. } => Ok(None),
            Compiled::Program(program) => Ok(Some(desk.run(program, arguments)?)),
        })
    }

    /// Lets `work` be done in a folder that is gone afterwards.
    fn at_a_desk<T>(
        &self,
        lesson: &LessonId,
        slot: Slot,
        work: impl FnOnce(&Desk<'_>) -> Result<T, GradeError>,
    ) -> Result<T, GradeError> {
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
        work(&desk)
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
    fn compile(&self, files: &[SourceFile]) -> Result<Compiled, GradeError> {
        let Self { lesson, prepared, toolchain, folder, place } = self;
        Ok(compile(toolchain, lesson, prepared, files, folder, place)?)
    }

    fn run(&self, program: PathBuf, arguments: &[String]) -> Result<Observation, GradeError> {
        let mut request = Request::new(program);
        request.args = arguments.to_vec();
        request.limits = self.lesson.limits;
        Ok(self.place.run(&request).map_err(CompileError::Run)?)
    }

    fn rehearse(
        &self,
        files: &[SourceFile],
        times: NonZeroU32,
    ) -> Result<Vec<Outcome>, GradeError> {
        let program = match self.compile(files)? {
            Compiled::Refused { verdict, message } => {
                let refused = Outcome::Refused { verdict, message };
                return Ok(vec![refused; times.get() as usize]);
            }
            Compiled::Program(program) => program,
        };
        let Self { prepared, toolchain, folder, place, .. } = self;
        let exploration = match &prepared.explored {
            Some(explored) => Some(explore::build(toolchain, explored, files, folder, place)?),
            None => None,
        };
        (0..times.get()).map(|_| self.judge(&program, exploration.as_ref())).collect()
    }

    fn judge(
        &self,
        program: &Path,
        exploration: Option<&explore::Built>,
    ) -> Result<Outcome, GradeError> {
        let Self { lesson, prepared, folder, place, .. } = self;
        let mut tests = Vec::new();
        for test in &lesson.tests {
            let name = test.name.as_str();
            let judgement = match (prepared.tests.get(name), exploration) {
                (None, Some(built)) => explore::judge(lesson, built, name, folder, place)?,
                _ => judge(lesson, prepared, name, program, folder, place)?,
            };
            tests.push((test.name.clone(), judgement));
        }
        Ok(Outcome::Judged { tests, snapshots: crate::judge::snapshots(folder) })
    }
}
