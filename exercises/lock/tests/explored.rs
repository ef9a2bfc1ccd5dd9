//! What a lock promises under every schedule.
//!
//! `src/lib.rs` is compiled a second time here, unchanged, against a look-alike of
//! std. Each test below runs again and again, and each time the threads take their
//! steps in another order: not luck decides which orders are tried. Two or three
//! threads are enough to meet every way of getting it wrong.

#[macro_use]
extern crate interleave as std;
extern crate interleave as core;

#[path = "../src/lib.rs"]
mod student;

// `crate::` in the student's file means this file.
#[allow(unused_imports)]
pub use student::*;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::thread;

use student::{Account, Twins, change_and_change_back};

#[test]
fn no_schedule_loses_a_change() {
    let account = Arc::new(Account::new());
    let other = Arc::clone(&account);
    let thread = thread::spawn(move || other.change(5));
    account.change(-3);
    thread.join().unwrap();
    assert_eq!(account.balance(), 2, "5 came in, 3 went out");
}

#[test]
fn no_schedule_loses_an_update_of_the_twins() {
    let twins = Arc::new(Twins::new());
    let other = Arc::clone(&twins);
    let thread = thread::spawn(move || other.update(|value| value + 1));
    twins.update(|value| value + 1);
    thread.join().unwrap();
    assert_eq!(twins.read(), (2, 2), "two updates added 1 each");
}

#[test]
fn no_schedule_shows_the_twins_apart() {
    let twins = Arc::new(Twins::new());
    let other = Arc::clone(&twins);
    let thread = thread::spawn(move || {
        other.update(|value| value + 1);
        other.update(|value| value + 1);
    });
    let (left, right) = twins.read();
    assert_eq!(left, right, "both values are read at one moment");
    thread.join().unwrap();
}

#[test]
fn every_thread_has_ended_when_it_returns() {
    let account = Account::new();
    // One thread, so that a change that is lost between two is not held against it.
    change_and_change_back(&account, 1, 2);
    assert_eq!(account.balance(), 0, "every change was changed back");
}

#[test]
fn two_threads_are_at_work_at_once() {
    let account = Arc::new(Account::new());
    let other = Arc::clone(&account);
    let reader = thread::spawn(move || other.balance());
    change_and_change_back(&account, 2, 1);
    let seen = reader.join().unwrap();
    interleave::reachable("both threads have added and not yet taken away", seen == 2);
}

#[test]
fn a_panic_inside_hurts_no_schedule() {
    let twins = Arc::new(Twins::new());
    let other = Arc::clone(&twins);
    let thread = thread::spawn(move || {
        let update = || other.update(|_| resume_unwind(Box::new("told to panic")));
        catch_unwind(AssertUnwindSafe(update)).is_err()
    });
    twins.update(|value| value + 1);
    let caught = usize::from(thread.join().unwrap());
    assert_eq!(caught, 1, "the panic comes out of update");
    twins.update(|value| value + 1);
    assert_eq!(twins.read(), (2, 2), "the panic changed nothing");
}
