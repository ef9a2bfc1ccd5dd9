//! What the type promises under every schedule.
//!
//! `src/lib.rs` is compiled a second time here, unchanged, against a look-alike of
//! std. Each test below runs again and again, and each time the threads take their
//! steps in another order: not luck decides which orders are tried.

#![allow(
    clippy::bool_assert_comparison,
    reason = "each assertion shows what was seen and what was expected"
)]

#[macro_use]
extern crate interleave as std;

#[path = "../src/lib.rs"]
mod student;

// `crate::` in the student's file means this file.
pub use student::*;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn nothing_runs_before_the_start() {
    let (ran, has_run) = mpsc::channel();
    let mut task = Task::new("waiting", move || ran.send(()).unwrap());
    assert_eq!(task.name(), "waiting");
    assert_eq!(task.is_alive(), false, "it was not started");
    assert_eq!(task.join(), Err(TaskError::NotStarted), "nobody can wait for it");
    assert_eq!(task.join(), Err(TaskError::NotStarted), "a join that failed has joined nothing");
    assert_eq!(has_run.try_recv().is_ok(), false, "it was not started");
    assert_eq!(task.start(), Ok(()), "a join that failed does not hurt");
    assert_eq!(task.join(), Ok(()), "now it runs");
    assert_eq!(has_run.try_recv(), Ok(()), "it has run when join returns");
    let (ran, has_run) = mpsc::channel();
    {
        let _forgotten = Task::new("forgotten", move || ran.send(()).unwrap());
    }
    assert_eq!(has_run.recv().is_ok(), false, "it was dropped without a start");
}

#[test]
fn no_schedule_runs_the_target_on_the_callers_thread() {
    let caller = thread::current().id();
    // Longer than what the operating system keeps of a name.
    let name = "player of the second violin";
    let mut task = Task::new(name, move || {
        let me = thread::current();
        (me.id() == caller, me.name() == Some(name))
    });
    assert_eq!(task.name(), name, "the whole name");
    task.start().unwrap();
    assert_eq!(task.name(), name, "the name after the start");
    assert_eq!(task.join(), Ok((false, true)), "a thread of its own, of the task's name");
    assert_eq!(task.name(), name, "the name after the join");
}

#[test]
fn no_schedule_waits_in_start() {
    let (go, wait) = mpsc::channel();
    // It waits for another, which we start later, so whoever waits for it here waits for ever.
    // And the last of its plays waits for us.
    let signal = go.clone();
    let mut patient = song("solo", 3, move |_| {
        let _ = wait.recv();
    });
    let before = Instant::now();
    assert_eq!(patient.start(), Ok(()));
    assert_eq!(patient.is_alive(), true, "it waits for the other");
    // Under the explorer a clock moves on only when somebody waits for a time.
    let napped = before.elapsed() >= Duration::from_millis(1);
    assert_eq!(napped, false, "nobody waits, not even a while");
    let mut other = song("solo", 2, move |_| {
        let _ = signal.send(());
    });
    assert_eq!(other.start(), Ok(()), "two songs may have one name");
    assert_eq!((other.join(), other.is_alive()), (Ok(2), false), "the other has ended");
    assert_eq!(patient.is_alive(), true, "it waits for us, whatever has become of the other");
    let _ = go.send(());
    assert_eq!(patient.join(), Ok(3), "it has played three times");
    assert_eq!(patient.is_alive(), false, "it has ended");
}

#[test]
fn a_second_start_is_an_error() {
    let plays = Arc::new(Mutex::new(0));
    let other = Arc::clone(&plays);
    let mut task = Task::new("once", move || *other.lock().unwrap() += 1);
    assert_eq!(task.start(), Ok(()));
    assert_eq!(task.start(), Err(TaskError::AlreadyStarted), "while it runs, or has run");
    assert_eq!(task.join(), Ok(()));
    assert_eq!(task.start(), Err(TaskError::AlreadyStarted), "after it has run");
    assert_eq!(*plays.lock().unwrap(), 1, "it ran once");
}

#[test]
fn a_second_join_is_an_error() {
    let mut task = Task::new("once", || "result");
    task.start().unwrap();
    interleave::reachable("is_alive says that it has ended", !task.is_alive());
    assert_eq!(task.join(), Ok("result"));
    assert_eq!(task.join(), Err(TaskError::AlreadyJoined), "the result was taken");
}

#[test]
fn a_panic_is_an_error_of_join() {
    let mut task: Task<()> = Task::new("unlucky", || resume_unwind(Box::new("told to panic")));
    assert_eq!(task.start(), Ok(()));
    interleave::reachable("is_alive says that it has ended", !task.is_alive());
    assert_eq!(task.join(), Err(TaskError::Panicked), "the panic stays in its thread");
    assert_eq!(task.is_alive(), false, "it has ended");
    let again = (task.start(), task.join());
    let joined = [TaskError::AlreadyJoined, TaskError::Panicked].map(Err);
    assert_eq!(again.0, Err(TaskError::AlreadyStarted), "a panic starts nothing anew");
    assert_eq!(joined.contains(&again.1), true, "it was joined: saw {:?}", again.1);
    let mut ballad = song("ballad", 2, |number| resume_unwind(Box::new(number)));
    ballad.start().unwrap();
    assert_eq!(ballad.join(), Err(TaskError::Panicked), "whatever it panicked with");
    // Nobody joins this one, and nobody hears of its panic.
    {
        let mut forgotten: Task<()> = Task::new("forgotten", || resume_unwind(Box::new(7)));
        forgotten.start().unwrap();
    }
}

#[test]
fn no_schedule_loses_a_play() {
    let plays = Arc::new(Mutex::new(Vec::new()));
    let other = Arc::clone(&plays);
    let mut ballad = song("ballad", 3, move |number| other.lock().unwrap().push(number));
    assert_eq!(ballad.name(), "ballad");
    ballad.start().unwrap();
    assert_eq!(ballad.join(), Ok(3), "it has played three times");
    assert_eq!(*plays.lock().unwrap(), [1, 2, 3], "all plays are over when join returns");
    plays.lock().unwrap().clear();
    let other = Arc::clone(&plays);
    let ballad = song("ballad", 3, move |number| other.lock().unwrap().push(number));
    assert_eq!(joined_in_a_panic(ballad), Some(Ok(3)), "whoever joins it, be it in a panic");
    assert_eq!(*plays.lock().unwrap(), [1, 2, 3], "all plays are over when join returns");
    let other = Arc::clone(&plays);
    let mut silence = song("silence", 0, move |number| other.lock().unwrap().push(number));
    // Another thread starts it than the one that made it and waits for it.
    let starts = thread::spawn(move || {
        silence.start().unwrap();
        silence
    });
    let mut silence = starts.join().unwrap();
    assert_eq!(silence.join(), Ok(0), "it has not played at all");
    assert_eq!(plays.lock().unwrap().len(), 3, "and nobody has heard it");
}

/// What `join` says that is called while a panic takes its caller down.
fn joined_in_a_panic(mut song: Task<usize>) -> Option<Result<usize, TaskError>> {
    /// Joins when it is dropped.
    struct Owner(Task<usize>, Arc<Mutex<Option<Result<usize, TaskError>>>>);
    impl Drop for Owner {
        fn drop(&mut self) {
            let joined = self.0.join();
            *self.1.lock().unwrap() = Some(joined);
        }
    }
    song.start().unwrap();
    let said = Arc::default();
    let owner = Owner(song, Arc::clone(&said));
    let caught = catch_unwind(AssertUnwindSafe(move || {
        let _owner = owner;
        resume_unwind(Box::new("told to panic"));
    }));
    assert_eq!(caught.is_err(), true, "this thread has panicked");
    *said.lock().unwrap()
}
