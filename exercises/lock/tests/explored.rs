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
    [-1, -2].into_iter().for_each(|amount| account.change(amount));
    let seen = account.balance();
    assert!([-3, 2].contains(&seen), "3 went out, and 5 may have come in: saw {seen}");
    thread.join().unwrap();
    assert_eq!(account.balance(), 2, "5 came in, 3 went out");
    let account = Arc::new(Account::new());
    let other = Arc::clone(&account);
    let looker = thread::spawn(move || other.balance());
    account.change(1);
    let other = Arc::clone(&account);
    thread::spawn(move || other.change(-1)).join().unwrap();
    account.change(1);
    let seen = looker.join().unwrap();
    assert!([0, 1].contains(&seen), "1 came in, went out, and came in again: saw {seen}");
    let another = Account::new();
    another.change(i64::MIN);
    assert_eq!(another.balance(), i64::MIN, "another account knows nothing of the first");
    assert_eq!(account.balance(), 1, "nor the first of another");
    another.change(i64::MAX);
    assert_eq!(another.balance(), -1, "a balance has 64 bits, and each of them counts");
}

#[test]
fn no_schedule_loses_an_update_of_the_twins() {
    let twins = Arc::new(Twins::new());
    twins.update(|_| 1);
    let other = Arc::clone(&twins);
    let thread = thread::spawn(move || other.update(|value| value * 2));
    twins.update(|value| value * 3);
    thread.join().unwrap();
    assert_eq!(twins.read(), (6, 6), "1 was doubled and trebled");
    let others = Twins::new();
    assert_eq!(others.read(), (0, 0), "other twins know nothing of these");
    others.update(|value| value + twins.read().0 + 3);
    assert_eq!((twins.read(), others.read()), ((6, 6), (9, 9)), "each have their own value");
    others.update(|value| {
        twins.update(|_| value);
        value + 1
    });
    assert_eq!(
        (twins.read(), others.read()),
        ((9, 9), (10, 10)),
        "one updated inside of the other"
    );
    for value in [i64::MIN, -1, i64::MAX] {
        others.update(|_| value);
        assert_eq!(others.read(), (value, value), "any number of 64 bits can be the value");
    }
}

#[test]
fn no_schedule_shows_the_twins_apart() {
    let twins = Arc::new(Twins::new());
    twins.update(|_| 5);
    let other = Arc::clone(&twins);
    let writer = thread::spawn(move || {
        other.update(|value| value + 1);
        other.update(|value| value + 1);
    });
    let other = Arc::clone(&twins);
    let reader = thread::spawn(move || other.read());
    let mut mine = 0;
    twins.update(|value| {
        mine = value + 1;
        mine
    });
    for (least, (left, right)) in [(mine, twins.read()), (5, reader.join().unwrap())] {
        assert_eq!(left, right, "both values are read at one moment");
        assert!((least..=8).contains(&left), "it was {least}, and up to 8 may follow: saw {left}");
    }
    writer.join().unwrap();
}

#[test]
fn every_thread_has_ended_when_it_returns() {
    let account = Account::new();
    // One thread, so that a change that is lost between two is not held against it.
    change_and_change_back(&account, 1, 2);
    assert_eq!(account.balance(), 0, "every change was changed back");
}

#[test]
fn each_round_is_one_up_and_one_down() {
    let watched = |rounds| {
        let account = Arc::new(Account::new());
        let other = Arc::clone(&account);
        let reader = thread::spawn(move || [(); 3].map(|()| other.balance()));
        change_and_change_back(&account, 1, rounds);
        reader.join().unwrap()
    };
    assert_eq!(watched(0), [0; 3], "in no rounds nothing is added");
    let seen = watched(20);
    let right = seen.iter().all(|balance| [0, 1].contains(balance));
    assert!(right, "one thread has added 1 and not yet taken it away, or it has: saw {seen:?}");
    interleave::reachable("it adds 1, takes it away, and adds 1 again", seen == [1, 0, 1]);
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
        let panic = catch_unwind(AssertUnwindSafe(update)).err();
        panic.map(|panic| panic.downcast_ref().copied().unwrap_or("another panic"))
    });
    twins.update(|value| value + 1);
    assert_eq!(thread.join().unwrap(), Some("told to panic"), "this panic comes out of update");
    twins.update(|value| value + 1);
    assert_eq!(twins.read(), (2, 2), "the panic changed nothing");
    let update = || twins.update(|_| resume_unwind(Box::new(7)));
    let panic = catch_unwind(AssertUnwindSafe(update)).err();
    let panic = panic.and_then(|panic| panic.downcast_ref::<i32>().copied());
    assert_eq!(panic, Some(7), "whatever it panicked with comes out of update");
    let before = twins.read().0;
    let elsewhere = || {
        let _last = UpdatesWhenDropped { twins: &twins };
        resume_unwind(Box::new(7))
    };
    assert!(catch_unwind(AssertUnwindSafe(elsewhere)).is_err(), "a panic outside of update");
    let after = (before + 1, before + 1);
    assert_eq!(twins.read(), after, "a `drop` has made an update meanwhile, which counts");
}

/// Adds 1 when it is dropped.
struct UpdatesWhenDropped<'a> {
    twins: &'a Twins,
}

impl Drop for UpdatesWhenDropped<'_> {
    fn drop(&mut self) {
        self.twins.update(|value| value + 1);
    }
}
