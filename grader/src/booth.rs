//! Grades what one student handed in, from a bundle, and is done before a moment that is known
//! beforehand: with what is known by then, and never with a score that is not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use course::{Course, Language, Lesson, TestName};
use engine::bundle::Bundle;
use engine::class::{Graded, hashes};
use engine::grade::{Jail, Outcome};
use engine::judge::Judgement;
use engine::{Workshop, score};
use intake::Submission as HandedIn;
use jail::{Slot, Tier};
use keeper::{Keeper, Weak};
use observation::Verdict;
use records::Hasher;
use report::{Run, Submission, TestStatus, Work};
use temporary::Temporary;

/// How often a submission is tried before it is called not gradable.
const ATTEMPTS: u32 = 3;

/// Folders that every student's program may read, so that no bundle may lie there.
const OPEN: [&str; 6] = ["/usr", "/bin", "/lib", "/lib32", "/lib64", "/nix/store"];

/// Lessons that were built elsewhere, ready to grade submissions.
pub(crate) struct Booth {
    workshop: Workshop,
    run: Run,
}

impl Booth {
    /// Chooses and proves the walls, and finds the compiler.
    pub(crate) fn open(bundle: &Bundle, scratch: &Path, run: Run) -> anyhow::Result<Self> {
        if let Some(open) = OPEN.iter().find(|open| bundle.folder().starts_with(open)) {
            bail!(
                "{} lies in {open}, which students' programs can read; put it elsewhere",
                bundle.folder().display()
            );
        }
        bundle.open_to_all()?;
        let executable =
            std::env::current_exe().context("cannot find the grader's own executable")?;
        let keeper = Keeper::new(executable);
        // There is one submission here and no other that it could see.
        let settled = keeper::settle(&keeper, Weak::Allowed)?;
        let confinement = settled.tier.describe().to_owned();
        let jail = Jail { keeper, tier: settled.tier };
        let workshop = Workshop::open(bundle, scratch, jail)?;
        let toolchain = workshop.toolchain().version().to_owned();
        Ok(Self { workshop, run: Run { confinement, toolchain, ..run } })
    }

    /// The circumstances.
    pub(crate) fn run(&self) -> &Run {
        &self.run
    }

    /// How strong the walls are.
    pub(crate) fn tier(&self) -> Tier {
        self.workshop.jail().tier
    }

    /// Grades `handed_in` in `slot`; `tell` hears of each test when it has run.
    pub(crate) fn grade(
        &self,
        handed_in: &HandedIn,
        slot: Slot,
        tell: &dyn Fn(Told<'_>),
    ) -> Submission {
        let started = Instant::now();
        let files = handed_in.read();
        let mut attempts = 0;
        let outcome = loop {
            attempts += 1;
            tell(Told::Begun);
            let told = |test: &TestName, judgement: &Judgement| tell(Told::Test(test, judgement));
            match self.workshop.grade_step_by_step(&handed_in.lesson, &files, slot, &told) {
                Ok(outcome) => break Ok(outcome),
                Err(error) if attempts == ATTEMPTS => break Err(error.to_string()),
                Err(_) => {}
            }
        };
        let lesson = self.workshop.lesson(&handed_in.lesson);
        let mut graded =
            scored(handed_in, lesson, self.run.language, outcome, started.elapsed(), attempts);
        graded.files = hashes(&files);
        graded
    }
}

/// What is heard while a submission is graded.
pub(crate) enum Told<'a> {
    /// An attempt begins.
    Begun,
    /// A test has run.
    Test(&'a TestName, &'a Judgement),
}

fn scored(
    handed_in: &HandedIn,
    lesson: &Lesson,
    language: Language,
    outcome: Result<Outcome, String>,
    duration: Duration,
    attempts: u32,
) -> Submission {
    let digest = Hasher::default().finish();
    let hashes = BTreeMap::new();
    let graded = Graded { submission: handed_in, digest, outcome, duration, attempts, hashes };
    score::score(&graded, lesson, language)
}

/// A new folder to work in, in `given` or where there is room. Not in /tmp, which behind the walls
/// is the program's own.
pub(crate) fn scratch(bundle: &Path, given: Option<&Path>) -> anyhow::Result<Temporary> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let places =
        [given.map(Path::to_owned), Some(bundle.to_owned()), Some("/var/tmp".into()), home];
    let outside = |place: &PathBuf| !place.starts_with("/tmp");
    let mut places = places.into_iter().flatten().filter(outside);
    let made = places.find_map(|place| Temporary::new_in(&place, 0o755).ok());
    let made = made.with_context(|| {
        format!("no folder to work in: {} and /var/tmp cannot be written to", bundle.display())
    })?;
    // Tests outlive a grader that is killed, and go on in there.
    made.hand_down()?;
    Ok(made)
}

/// What was found out so far.
struct Board {
    run: Run,
    notes: Vec<String>,
    done: Vec<Submission>,
    /// The tests of the submission in work.
    current: Vec<(TestName, Judgement)>,
    fault: Option<String>,
}

/// What came of it by the given moment.
pub(crate) struct Found {
    pub(crate) run: Run,
    pub(crate) notes: Vec<String>,
    /// One for each lesson.
    pub(crate) submissions: Vec<Submission>,
    /// Why nothing could be graded.
    pub(crate) fault: Option<String>,
}

/// What is to be graded, and with what.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) bundle: &'a Bundle,
    pub(crate) course: &'a Course,
    /// One for each lesson.
    pub(crate) handed_in: &'a [HandedIn],
    /// A new folder to work in.
    pub(crate) scratch: &'a Path,
}

/// Does `task` until it is done, `until` has come, or `stop` is set.
///
/// The grader has to end afterwards: what is still running ends with it.
pub(crate) fn sit(task: Task<'_>, run: Run, until: Instant, stop: &AtomicBool) -> Found {
    let board = Arc::new(Mutex::new(Board {
        run: run.clone(),
        notes: Vec::new(),
        done: Vec::new(),
        current: Vec::new(),
        fault: None,
    }));
    let (over, is_over) = mpsc::channel();
    let started = Instant::now();
    let Task { bundle, course, handed_in, scratch } = task;
    let worker = (bundle.clone(), handed_in.to_vec(), scratch.to_owned(), Arc::clone(&board));
    std::thread::spawn(move || {
        let (bundle, handed_in, scratch, board) = worker;
        let booth = Booth::open(&bundle, &scratch, run);
        if let Err(error) = booth.map(|booth| work(&booth, &handed_in, &board)) {
            lock(&board).fault = Some(crate::exit::in_full(&error));
        }
        // Nobody listens if time ran out.
        _ = over.send(());
    });
    let stopped = wait(&is_over, until, stop);
    let mut board = lock(&board);
    if let Some(Stopped::Lost) = stopped {
        board.fault.get_or_insert_with(|| "the grader itself failed".to_owned());
    }
    let reason = match stopped {
        Some(Stopped::Asked) => "not run: the platform ended the run".to_owned(),
        _ => format!("not run: stopped after {} s", started.elapsed().as_secs()),
    };
    if matches!(stopped, Some(Stopped::Late | Stopped::Asked)) {
        board.notes.push(format!(
            "{reason}, before the time of this place was over; have it graded again, with more time"
        ));
    }
    let fault = board.fault.clone();
    let reason = fault.clone().unwrap_or(reason);
    let submissions = handed_in.iter().enumerate().map(|(index, each)| {
        let lesson =
            course.lesson(each.lesson.as_str()).expect("bundles hold lessons of the course");
        match board.done.get(index) {
            Some(done) => done.clone(),
            None if index == board.done.len() => {
                partly(each, lesson, board.run.language, &board.current, started.elapsed(), &reason)
            }
            None => partly(each, lesson, board.run.language, &[], Duration::ZERO, &reason),
        }
    });
    let submissions = submissions.collect();
    Found { run: board.run.clone(), notes: board.notes.clone(), submissions, fault }
}

/// Why it is not done.
enum Stopped {
    Late,
    Asked,
    Lost,
}

/// None once it is done.
fn wait(over: &mpsc::Receiver<()>, until: Instant, stop: &AtomicBool) -> Option<Stopped> {
    const LOOK: Duration = Duration::from_millis(100);
    loop {
        if stop.load(Ordering::Relaxed) {
            return Some(Stopped::Asked);
        }
        let left = until.saturating_duration_since(Instant::now());
        match over.recv_timeout(left.min(LOOK)) {
            Ok(()) => return None,
            Err(RecvTimeoutError::Disconnected) => return Some(Stopped::Lost),
            Err(RecvTimeoutError::Timeout) if left.is_zero() => return Some(Stopped::Late),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

fn work(booth: &Booth, handed_in: &[HandedIn], board: &Mutex<Board>) {
    lock(board).run = booth.run().clone();
    if booth.tier() == Tier::D {
        let weak =
            "the program ran as the grader's own user, behind Landlock and system call filters";
        lock(board).notes.push(weak.to_owned());
    }
    for each in handed_in {
        let graded = booth.grade(each, Slot(0), &|told| match told {
            Told::Begun => lock(board).current.clear(),
            Told::Test(test, judgement) => {
                lock(board).current.push((test.clone(), judgement.clone()));
            }
        });
        let mut board = lock(board);
        board.done.push(graded);
        board.current.clear();
    }
}

/// The result of a submission of which only `tests` have run.
fn partly(
    handed_in: &HandedIn,
    lesson: &Lesson,
    language: Language,
    tests: &[(TestName, Judgement)],
    duration: Duration,
    reason: &str,
) -> Submission {
    if tests.is_empty() {
        let student = handed_in.student.to_string();
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let work = Work { student, duration_ms, attempts: 1 };
        let verdict = Verdict::NotGradable;
        return report::ungraded(work, lesson, language, verdict, reason.to_owned());
    }
    let (explorations, snapshots) = (Vec::new(), Vec::new());
    let outcome = Outcome::Judged { tests: tests.to_vec(), explorations, snapshots };
    let mut partial = scored(handed_in, lesson, language, Ok(outcome), duration, 1);
    let open = partial.tests.iter_mut().filter(|test| test.status == TestStatus::NotRun);
    open.for_each(|test| test.message = Some(reason.to_owned()));
    partial.message = Some(reason.to_owned());
    partial
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a thread that panicked has written before is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COURSE: &str = "
course: c
title: { en: C, zh: C }
units:
  - id: u
    title: { en: U, zh: U }
    lessons:
      - id: lock
        title: { en: L, zh: L }
        tests: [{ name: first, points: 1 }, { name: second, points: 2 }]
";

    #[test]
    fn what_ran_in_time_is_told_and_what_did_not_has_no_score() {
        let course = course::parse(COURSE, Path::new("course.yaml")).unwrap();
        let lesson = course.lesson("lock").unwrap();
        let handed_in = HandedIn {
            student: intake::StudentName::new("ada"),
            lesson: lesson.id.clone(),
            attempt: intake::Attempt::default(),
            files: Ok(Vec::new()),
        };
        let ran = [(lesson.tests[0].name.clone(), Judgement::Passed)];
        let partly = |ran: &[(TestName, Judgement)]| {
            partly(
                &handed_in,
                lesson,
                Language::En,
                ran,
                Duration::from_secs(9),
                "not run: stopped",
            )
        };
        let partial = partly(&ran);
        assert_eq!((partial.score, partial.duration_ms), (None, 9000));
        assert_eq!(partial.tests[0].score, Some(lesson.tests[0].points));
        assert_eq!(partial.tests[1].message.as_deref(), Some("not run: stopped"));
        assert_eq!(partial.tests[1].score, None);
        assert_eq!(partly(&[]).score, None);
    }
}
