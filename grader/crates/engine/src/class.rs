//! Grades many submissions, several at a time.
//!
//! A class does not fit into memory: a submission is read when its turn comes, and its result
//! is handed on before the next one's begins.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use intake::{BadFile, SourceFile, Submission};
use jail::Slot;
use records::{Cache, Digest};
use sha2::{Digest as _, Sha256};

use crate::fingerprint::Fingerprints;
use crate::grade::{GradeError, Outcome, Workshop};
use crate::judge::Judgement;

/// How often a submission is tried before it is called not gradable.
const ATTEMPTS: u32 = 3;

/// What became of one submission of a class.
#[derive(Clone, Debug)]
pub struct Graded<'a> {
    /// What was handed in.
    pub submission: &'a Submission,
    /// Stands for what was handed in and all that its outcome depends on.
    pub digest: Digest,
    /// What became of it, or why it could not be graded.
    pub outcome: Result<Outcome, String>,
    /// How long it took; nothing for one whose outcome was known.
    pub duration: Duration,
    /// How often it was tried.
    pub attempts: u32,
    /// The SHA-256 of what was handed in, in hexadecimal, by the file's place in the exercise.
    pub hashes: BTreeMap<String, String>,
}

/// The SHA-256 of each of `files`.
pub fn hashes(files: &Result<Vec<SourceFile>, BadFile>) -> BTreeMap<String, String> {
    let hash = |file: &SourceFile| {
        let digest = Sha256::digest(&file.text);
        let hexadecimal = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        (file.path.display().to_string(), hexadecimal)
    };
    files.iter().flatten().map(hash).collect()
}

/// What happens while a class is graded.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Work on a submission begins.
    Started(&'a Submission),
    /// A submission is done.
    Finished(&'a Graded<'a>),
    /// A submission was done in an earlier run that did not come to its end.
    Kept(&'a Submission),
}

/// How a class is graded.
#[derive(Clone, Copy)]
pub struct Way<'a> {
    /// What outcomes depend on besides the submissions.
    pub fingerprints: &'a Fingerprints,
    /// Outcomes that are known, and where new ones go.
    pub cache: Option<&'a Cache>,
    /// Submissions at a time.
    pub jobs: NonZeroUsize,
    /// Once it is set no further submission is begun.
    pub stop: &'a AtomicBool,
}

/// Grades `submissions`, except those for which `kept` says that their result is there.
///
/// Each result goes to `take` before its worker begins the next; an error of `take` ends the
/// work. Submissions with the same files are graded once. A fault of ours is retried, and in
/// the end is an `Err` in that one result.
pub fn grade_class<E: Send>(
    workshop: &Workshop,
    submissions: &[Submission],
    way: Way<'_>,
    kept: &(dyn Fn(&Submission, &Digest) -> bool + Sync),
    take: &(dyn Fn(&Graded<'_>) -> Result<(), E> + Sync),
    tell: &(dyn Fn(Event<'_>) + Sync),
) -> Result<(), E> {
    let class = Class {
        workshop,
        submissions,
        way,
        kept,
        take,
        tell,
        next: AtomicUsize::new(0),
        working: Mutex::default(),
        failure: Mutex::new(None),
    };
    std::thread::scope(|scope| {
        for slot in (0..).map(Slot).take(way.jobs.get().min(submissions.len())) {
            let class = &class;
            scope.spawn(move || class.work(slot));
        }
    });
    let failure = class.failure.into_inner().expect("no worker panics while it holds this");
    failure.map_or(Ok(()), Err)
}

/// Grades all of `submissions`, few enough for memory, whether or not the way says stop; the
/// results stand in the same order.
pub fn grade_all<'a>(
    workshop: &Workshop,
    submissions: &'a [Submission],
    way: Way<'_>,
    tell: &(dyn Fn(Event<'_>) + Sync),
) -> Vec<Graded<'a>> {
    let way = Way { stop: &AtomicBool::new(false), ..way };
    let results = Mutex::new(vec![None; submissions.len()]);
    let take = |graded: &Graded<'_>| -> Result<(), Infallible> {
        let index = submissions.iter().position(|each| std::ptr::eq(each, graded.submission));
        let index = index.expect("only what was handed in is graded");
        let submission = &submissions[index];
        lock(&results)[index] = Some(Graded { submission, ..graded.clone() });
        Ok(())
    };
    let Ok(()) = grade_class(workshop, submissions, way, &|_, _| false, &take, tell);
    let results = results.into_inner().expect("no worker panics while it holds this");
    results.into_iter().map(|graded| graded.expect("every submission was graded")).collect()
}

struct Class<'a, E> {
    workshop: &'a Workshop,
    submissions: &'a [Submission],
    way: Way<'a>,
    kept: &'a (dyn Fn(&Submission, &Digest) -> bool + Sync),
    take: &'a (dyn Fn(&Graded<'_>) -> Result<(), E> + Sync),
    tell: &'a (dyn Fn(Event<'_>) + Sync),
    next: AtomicUsize,
    /// What is being worked on, and which other submissions wait for its outcome.
    working: Mutex<HashMap<Digest, Vec<usize>>>,
    failure: Mutex<Option<E>>,
}

impl<E> Class<'_, E> {
    fn work(&self, slot: Slot) {
        while !self.is_over() {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(submission) = self.submissions.get(index) else { return };
            self.one(index, submission, slot);
        }
    }

    fn is_over(&self) -> bool {
        self.way.stop.load(Ordering::Relaxed) || lock(&self.failure).is_some()
    }

    fn one(&self, index: usize, submission: &Submission, slot: Slot) {
        let files = submission.read();
        let digest = self.way.fingerprints.submission(&submission.lesson, &files);
        if (self.kept)(submission, &digest) {
            (self.tell)(Event::Kept(submission));
            return;
        }
        if self.is_in_work(digest, index) {
            return;
        }
        let (outcome, duration, attempts) =
            match self.way.cache.and_then(|cache| cache.get(&digest)) {
                Some(outcome) => (Ok(outcome), Duration::ZERO, 1),
                None => {
                    (self.tell)(Event::Started(submission));
                    let graded = self.patiently(submission, &files, slot);
                    if let (Ok(outcome), Some(cache)) = (&graded.0, self.way.cache)
                        && is_final(outcome)
                    {
                        // Without room for it the same will be graded again, and nothing is lost.
                        _ = cache.put(&digest, outcome);
                    }
                    graded
                }
            };
        let hashes = hashes(&files);
        let graded = Graded { submission, digest, outcome, duration, attempts, hashes };
        self.hand_on(&graded);
        let waiting = lock(&self.working).remove(&digest).unwrap_or_default();
        for index in waiting {
            let submission = &self.submissions[index];
            self.hand_on(&Graded { submission, duration: Duration::ZERO, ..graded.clone() });
        }
    }

    /// Whether somebody works on the same; `index` then waits for what comes of it.
    fn is_in_work(&self, digest: Digest, index: usize) -> bool {
        let mut working = lock(&self.working);
        let waiting = working.get_mut(&digest);
        let found = waiting.map(|waiting| waiting.push(index)).is_some();
        if !found {
            working.insert(digest, Vec::new());
        }
        found
    }

    fn hand_on(&self, graded: &Graded<'_>) {
        match (self.take)(graded) {
            Ok(()) => (self.tell)(Event::Finished(graded)),
            Err(error) => _ = lock(&self.failure).get_or_insert(error),
        }
    }

    fn patiently(
        &self,
        submission: &Submission,
        files: &Result<Vec<SourceFile>, BadFile>,
        slot: Slot,
    ) -> (Result<Outcome, String>, Duration, u32) {
        let started = Instant::now();
        let mut attempts = 0;
        let outcome = loop {
            attempts += 1;
            match self.workshop.grade(&submission.lesson, files, slot) {
                Ok(outcome) => break Ok(outcome),
                Err(error) if attempts == ATTEMPTS => break Err(explain(&error)),
                Err(_) => {}
            }
        };
        (outcome, started.elapsed(), attempts)
    }
}

/// Whether the same would come out another time; what could not be checked may be next time.
fn is_final(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Refused { .. } => true,
        Outcome::Judged { tests, .. } => {
            tests.iter().all(|(_, judgement)| !matches!(judgement, Judgement::NotCheckable(_)))
        }
    }
}

fn explain(error: &GradeError) -> String {
    format!("{error} (tried {ATTEMPTS} times)")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no worker panics while it holds this")
}
