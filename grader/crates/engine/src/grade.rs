//! Grades one submission to one lesson.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::thread;

use ::explore::Finding as Exploration;
use course::{Course, Lesson, LessonId, TestName};
use intake::{BadFile, SourceFile};
use jail::{Slot, Tier};
use keeper::{Keeper, Place};
use observation::{Observation, Request, Verdict};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use temporary::Temporary;
use thiserror::Error;

use crate::bundle::{Bundle, BundleError};
use crate::compile::{CompileError, Compiled, compile, write};
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
    scratch: Temporary,
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
    /// What was built elsewhere cannot be used here.
    #[error(transparent)]
    Bundle(#[from] BundleError),
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
        /// What explorations of schedules say that did not pass.
        #[serde(default)]
        explorations: Vec<Exploration>,
        /// The snapshots that the tests compared with.
        snapshots: Vec<PathBuf>,
    },
}

/// Who hears of each test of a submission when it has run.
pub type Tell<'a> = dyn Fn(&TestName, &Judgement) + 'a;

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
    /// A schedule could not be run again.
    #[error("cannot run the schedule of `{test}` again: {reason}")]
    Replay {
        /// Of which test.
        test: String,
        /// Why not.
        reason: String,
    },
}

impl Workshop {
    /// Builds the tests of `lessons` in the course at `root`; `say` is told if that has to wait.
    pub fn set_up(
        root: &Path,
        course: Course,
        lessons: &[LessonId],
        jail: Jail,
        say: fn(&str),
    ) -> Result<Self, SetupError> {
        let chosen: Vec<&Lesson> =
            course.lessons().filter(|lesson| lessons.contains(&lesson.id)).collect();
        let (toolchain, prepared) = thread::scope(|scope| {
            let toolchain = scope.spawn(|| Toolchain::find(root));
            let prepared = prepare(root, &course, &chosen, say);
            (toolchain.join().expect("asking rustc does not panic"), prepared)
        });
        let (toolchain, (prepared, scratch)) = (toolchain?, prepared?);
        Ok(Self { course, toolchain, jail, prepared, scratch })
    }

    /// Takes what was built elsewhere from `bundle`; submissions are worked on in a new folder
    /// in `scratch`, which must not be in /tmp.
    pub fn open(bundle: &Bundle, scratch: &Path, jail: Jail) -> Result<Self, SetupError> {
        let course = bundle.course()?;
        let toolchain = Toolchain::find(bundle.folder())?;
        bundle.check(&toolchain)?;
        let failed =
            |source| BundleError::File { action: "write to", path: scratch.to_owned(), source };
        let scratch = Temporary::new_in(scratch, 0o755).map_err(failed)?;
        Ok(Self { course, toolchain, jail, prepared: bundle.lessons(), scratch })
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

    /// The same, and `tell` hears of each test when it has run.
    pub fn grade_step_by_step(
        &self,
        lesson: &LessonId,
        files: &Result<Vec<SourceFile>, BadFile>,
        slot: Slot,
        tell: &Tell<'_>,
    ) -> Result<Outcome, GradeError> {
        let mut outcomes = self.repeatedly(lesson, files, slot, NonZeroU32::MIN, tell)?;
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
        self.repeatedly(lesson, files, slot, times, &|_, _| {})
    }

    fn repeatedly(
        &self,
        lesson: &LessonId,
        files: &Result<Vec<SourceFile>, BadFile>,
        slot: Slot,
        times: NonZeroU32,
        tell: &Tell<'_>,
    ) -> Result<Vec<Outcome>, GradeError> {
        let files = match files {
            Ok(files) => files,
            Err(bad) => {
                let message = bad.to_string();
                let refused = Outcome::Refused { verdict: Verdict::DoesNotCompile, message };
                return Ok(vec![refused; times.get() as usize]);
            }
        };
        let folder = self.folder()?;
        self.desk(lesson, slot, folder.path()).rehearse(files, times, tell)
    }

    /// Runs `files` handed in for `lesson` with `arguments`, `runs` times at most, until a run `fits`; the
    /// last run, or none if they do not compile.
    pub(crate) fn observe_until(
        &self,
        lesson: &LessonId,
        files: &Result<Vec<SourceFile>, BadFile>,
        arguments: &[String],
        runs: usize,
        fits: impl Fn(&Observation) -> bool,
    ) -> Result<Option<Observation>, GradeError> {
        let Ok(files) = files else { return Ok(None) };
        let folder = self.folder()?;
        let desk = self.desk(lesson, Slot(0), folder.path());
        let Compiled::Program(program) = desk.compile(files)? else { return Ok(None) };
        let mut run = desk.run(program.clone(), arguments)?;
        for _ in 1..runs {
            if fits(&run) {
                break;
            }
            run = desk.run(program.clone(), arguments)?;
        }
        Ok(Some(run))
    }

    /// Runs the schedule that `found` tells of again, on the files in which it was found.
    ///
    /// While nothing is graded: it takes the first slot.
    pub fn replay(
        &self,
        lesson: &LessonId,
        files: &[SourceFile],
        found: &Exploration,
    ) -> Result<Exploration, GradeError> {
        let folder = self.folder()?;
        self.desk(lesson, Slot(0), folder.path()).replay(files, found)
    }

    /// The source of the tests that explore schedules, if the lesson has any.
    pub fn explored(&self, lesson: &LessonId) -> Option<&Path> {
        Some(&self.prepared.get(lesson)?.explored.as_ref()?.source)
    }

    fn folder(&self) -> Result<TempDir, GradeError> {
        // Not in /tmp: behind the walls that is the program's own, and has to start out empty.
        TempDir::with_prefix_in("submission-", &self.scratch).map_err(GradeError::Scratch)
    }

    fn desk<'a>(&'a self, lesson: &LessonId, slot: Slot, folder: &'a Path) -> Desk<'a> {
        let Jail { keeper, tier } = self.jail.clone();
        Desk {
            lesson: self.lesson(lesson),
            prepared: &self.prepared[lesson],
            toolchain: &self.toolchain,
            folder,
            place: Place { keeper, tier, slot },
        }
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
        tell: &Tell<'_>,
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
        (0..times.get()).map(|_| self.judge(&program, exploration.as_ref(), tell)).collect()
    }

    fn judge(
        &self,
        program: &Path,
        exploration: Option<&explore::Built>,
        tell: &Tell<'_>,
    ) -> Result<Outcome, GradeError> {
        let Self { lesson, prepared, folder, place, .. } = self;
        let (mut tests, mut explorations) = (Vec::new(), Vec::new());
        for test in &lesson.tests {
            let name = test.name.as_str();
            let judgement = match (prepared.tests.get(name), exploration) {
                (None, Some(built)) => {
                    let (judgement, said) = explore::judge(lesson, built, name, folder, place)?;
                    explorations.extend(said.filter(|said| !said.passed()));
                    judgement
                }
                _ => judge(lesson, prepared, name, program, folder, place)?,
            };
            tell(&test.name, &judgement);
            tests.push((test.name.clone(), judgement));
        }
        let snapshots = crate::judge::snapshots(folder);
        Ok(Outcome::Judged { tests, explorations, snapshots })
    }

    /// Runs the schedule of `found` again.
    fn replay(&self, files: &[SourceFile], found: &Exploration) -> Result<Exploration, GradeError> {
        let Self { lesson, prepared, toolchain, folder, place } = self;
        let failed = |reason: &str| GradeError::Replay {
            test: found.name.clone(),
            reason: reason.to_owned(),
        };
        let explored = prepared.explored.as_ref();
        let explored = explored.ok_or_else(|| failed("the lesson explores nothing any more"))?;
        write(files, folder)?;
        let binary = match explore::build(toolchain, explored, files, folder, place)? {
            explore::Built::Binary(binary) => binary,
            explore::Built::Unsupported(message) => return Err(failed(&message)),
        };
        let (test, schedule) = (&found.name, found.schedule.as_deref());
        let (seen, report) = explore::run(lesson, &binary, test, schedule, folder, place)?;
        report.ok_or_else(|| failed(&format!("it did not report: {}", seen.stderr.text.trim())))
    }
}
