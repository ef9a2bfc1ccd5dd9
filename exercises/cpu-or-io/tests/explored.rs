//! What a batch promises under every schedule.
//!
//! `src/lib.rs` is compiled a second time here, unchanged, against a look-alike of
//! std. Each test below runs again and again, and each time the threads take their
//! steps in another order: not luck decides which orders are tried.

#[macro_use]
extern crate interleave as std;

#[path = "../src/lib.rs"]
mod student;

// `crate::` in the student's file means this file.
#[allow(unused_imports)]
pub use student::*;

use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn no_schedule_does_a_task_twice_or_never() {
    let begun = [AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0)];
    run_batch(2, 3, |task| begun[task].fetch_add(1, Ordering::SeqCst) as u64);
    let begun = begun.map(|count| count.into_inner());
    assert_eq!(begun, [1, 1, 1], "each of three tasks is done once");
    // Tasks that run a batch each, which has its own tasks.
    let begun = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let sums = run_batch(1, 2, |batch| {
        let count = |task: usize| {
            begun[task].fetch_add(1, Ordering::SeqCst);
            (10 * batch + task) as u64
        };
        run_batch(1, 2, count).into_iter().sum()
    });
    let begun = begun.map(|count| count.into_inner());
    assert_eq!(begun, [2, 2], "each of two batches does each of its two tasks once");
    assert_eq!(sums, [1, 21], "each of three batches has its own results");
}

#[test]
fn no_schedule_mixes_the_results() {
    // The look at a shared value lets other threads go first here.
    let turn = AtomicUsize::new(0);
    let results = run_batch(2, 3, |task| {
        turn.fetch_add(1, Ordering::SeqCst);
        // A result may be any number of 64 bits.
        u64::MAX - task as u64
    });
    let expected = [u64::MAX, u64::MAX - 1, u64::MAX - 2];
    assert_eq!(results, expected, "results stand in the order of the tasks");
}

#[test]
fn no_schedule_returns_before_the_work_is_done() {
    let done = AtomicUsize::new(0);
    run_batch(2, 2, |_| done.fetch_add(1, Ordering::SeqCst) as u64);
    assert_eq!(done.into_inner(), 2, "both tasks have ended when it returns");
}

#[test]
fn two_tasks_are_in_work_at_once() {
    let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    run_batch(2, 2, |_| {
        let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
        most.fetch_max(now, Ordering::SeqCst);
        inside.fetch_sub(1, Ordering::SeqCst);
        0
    });
    interleave::reachable("two tasks are in work at once", most.into_inner() == 2);
    // A batch in a task has threads of its own, too.
    let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    run_batch(1, 1, |_| {
        run_batch(2, 2, |_| {
            let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(now, Ordering::SeqCst);
            inside.fetch_sub(1, Ordering::SeqCst);
            0
        });
        0
    });
    let two = most.into_inner() == 2;
    interleave::reachable("two tasks of a batch that a task runs are in work at once", two);
}
