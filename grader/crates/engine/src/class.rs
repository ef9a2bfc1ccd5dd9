//! Grades many submissions, several at a time.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jail::Slot;

use crate::grade::{GradeError, Outcome, Workshop};
use crate::intake::Submission;

/// How often a submission is tried before it is called not gradable.
const ATTEMPTS: u32 = 3;

/// What became of one submission of a class.
#[derive(Clone, Debug)]
pub struct Graded {
    /// What was handed in.
    pub submission: Submission,
    /// What became of it, or why it could not be graded.
    pub outcome: Result<Outcome, String>,
    /// How long it took; nothing for one that repeats an earlier submission.
    pub duration: Duration,
    /// How often it was tried.
    pub attempts: u32,
}

/// What happens while a class is graded.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Work on a submission begins.
    Started(&'a Submission),
    /// A submission is done.
    Finished(&'a Graded),
}

/// Grades `submissions` with `jobs` at a time; the results stand in the same order.
///
/// Submissions with the same files are graded once. A fault of ours is retried,
/// and in the end is an `Err` in that one result.
pub fn grade_class(
    workshop: &Workshop,
    submissions: &[Submission],
    jobs: NonZeroUsize,
    tell: &(dyn Fn(Event<'_>) + Sync),
) -> Vec<Graded> {
    let first = first_of_each(submissions);
    let todo: Vec<usize> = (0..submissions.len()).filter(|&index| first[index] == index).collect();
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![None; submissions.len()]);
    std::thread::scope(|scope| {
        for slot in (0..).map(Slot).take(jobs.get().min(todo.len())) {
            let (todo, next, results) = (&todo, &next, &results);
            scope.spawn(move || {
                while let Some(&index) = todo.get(next.fetch_add(1, Ordering::Relaxed)) {
                    tell(Event::Started(&submissions[index]));
                    let graded = grade_patiently(workshop, &submissions[index], slot);
                    tell(Event::Finished(&graded));
                    lock(results)[index] = Some(graded);
                }
            });
        }
    });
    let results = results.into_inner().expect("no worker panics while it holds the results");
    let of = |index: usize| results[index].clone().expect("every first submission was graded");
    let repeat = |(index, submission): (usize, &Submission)| {
        let graded = of(first[index]);
        if first[index] == index {
            return graded;
        }
        let graded = Graded { submission: submission.clone(), duration: Duration::ZERO, ..graded };
        tell(Event::Finished(&graded));
        graded
    };
    submissions.iter().enumerate().map(repeat).collect()
}

/// For each submission the index of the first that holds the same.
fn first_of_each(submissions: &[Submission]) -> Vec<usize> {
    let mut seen = HashMap::new();
    let index_of = |(index, submission): (usize, &Submission)| {
        let files = submission.files.as_ref().map_err(ToString::to_string);
        let files = files.map(|files| {
            files.iter().map(|file| (file.path.clone(), file.text.clone())).collect::<Vec<_>>()
        });
        *seen.entry((submission.lesson.clone(), files)).or_insert(index)
    };
    submissions.iter().enumerate().map(index_of).collect()
}

fn grade_patiently(workshop: &Workshop, submission: &Submission, slot: Slot) -> Graded {
    let started = Instant::now();
    let mut attempts = 0;
    let outcome = loop {
        attempts += 1;
        match workshop.grade(submission, slot) {
            Ok(outcome) => break Ok(outcome),
            Err(error) if attempts == ATTEMPTS => break Err(explain(&error)),
            Err(_) => {}
        }
    };
    Graded { submission: submission.clone(), outcome, duration: started.elapsed(), attempts }
}

fn explain(error: &GradeError) -> String {
    format!("{error} (tried {ATTEMPTS} times)")
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("no worker panics while it holds the results")
}
