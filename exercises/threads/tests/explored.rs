//! What the threads promise under every schedule.
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

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};
use std::thread;

/// What was called by whom, in the order in which it came.
type Calls = Arc<Mutex<Vec<(String, usize)>>>;

fn recorded(calls: &Calls) -> impl Fn(usize) + Clone + Send + 'static {
    let calls = Arc::clone(calls);
    move |number| {
        let name = thread::current().name().unwrap_or("unnamed").to_owned();
        calls.lock().unwrap().push((name, number));
    }
}

fn of(calls: &Calls, name: &str) -> Vec<usize> {
    let calls = calls.lock().unwrap();
    calls.iter().filter(|(who, _)| who == name).map(|(_, number)| *number).collect()
}

#[test]
fn no_schedule_changes_what_a_thread_counts() {
    let calls = Calls::default();
    count_in_threads(&["ada", "bob"], 3, recorded(&calls));
    assert_eq!((of(&calls, "ada"), of(&calls, "bob")), (vec![1, 2, 3], vec![1, 2, 3]));
    assert_eq!(calls.lock().unwrap().len(), 6, "nobody else counts");
    count_in_threads(&["ada"], 0, recorded(&calls));
    assert_eq!(calls.lock().unwrap().len(), 6, "up to 0 there is nothing to count");
    count_in_threads(&["ada", "ada"], 1, recorded(&calls));
    assert_eq!(of(&calls, "ada"), [1, 2, 3, 1, 1], "two threads may have the same name");
    calls.lock().unwrap().truncate(6);
    count_in_threads(&[], 3, recorded(&calls));
    assert_eq!(calls.lock().unwrap().len(), 6, "without a name there is nobody to count");
    assert_eq!(thread::spawn(my_name).join().unwrap(), "unnamed", "this thread has no name");
    // Longer than what the operating system keeps of a name.
    let long = "leader of the second violins";
    let leader = thread::Builder::new().name(long.to_owned()).spawn(my_name).unwrap();
    assert_eq!(leader.join().unwrap(), long, "whoever started the thread and named it");
    count_in_threads(&[long], 1, recorded(&calls));
    assert_eq!(of(&calls, long), [1], "the whole name");
    let record = recorded(&calls);
    let only_the_last = move |number| {
        if number == 300 {
            record(number);
        }
    };
    count_in_threads(&["eve"], 300, only_the_last);
    assert_eq!(of(&calls, "eve"), [300], "it counts to 300, too");
}

#[test]
fn no_schedule_returns_before_all_have_ended() {
    let calls = Calls::default();
    let (record, owned) = (recorded(&calls), SlowToGo);
    count_in_threads(&["ada", "bob", "chen"], 1, move |number| {
        let _owned = &owned;
        record(number);
    });
    assert_eq!(calls.lock().unwrap().len(), 3, "three threads have counted to 1 when it returns");
    let held = Arc::strong_count(&calls) - 1;
    assert_eq!(held, 0, "no thread has its clone of `tick` any more");
}

/// While it is dropped others may go on.
#[derive(Clone)]
struct SlowToGo;

impl Drop for SlowToGo {
    fn drop(&mut self) {
        thread::yield_now();
    }
}

#[test]
fn no_panic_is_lost() {
    let calls = Calls::default();
    let record = recorded(&calls);
    let tick = move |number| {
        record(number);
        if number == 2 {
            resume_unwind(Box::new("told to panic"));
        }
    };
    let caught = catch_unwind(AssertUnwindSafe(|| count_in_threads(&["ada"], 3, tick)));
    assert_eq!(caught.is_err(), true, "a thread panicked, so does count_in_threads");
    assert_eq!(of(&calls, "ada"), [1, 2], "the thread ended at the panic");
    for unlucky in ["ada", "bob", "ada and bob"] {
        let tick = move |_| {
            if thread::current().name().is_some_and(|name| unlucky.contains(name)) {
                resume_unwind(Box::new("told to panic"));
            }
        };
        let both = || count_in_threads(&["ada", "bob"], 2, tick);
        let caught = catch_unwind(AssertUnwindSafe(both));
        assert_eq!(caught.is_err(), true, "of two threads panicked {unlucky}");
    }
    let first = Arc::new(Mutex::new(true));
    let tick = move |_| {
        if mem::take(&mut *first.lock().unwrap()) {
            resume_unwind(Box::new("told to panic"));
        }
    };
    let both = || count_in_threads(&["ada", "ada"], 1, tick);
    let caught = catch_unwind(AssertUnwindSafe(both));
    assert_eq!(caught.is_err(), true, "one of two threads of the same name panicked");
    let caught = catch_unwind(|| count_in_threads(&["ada", "bob"], 1, |_| ()));
    assert_eq!(caught.is_ok(), true, "nobody panics in this call");
    let tick = |number: usize| resume_unwind(Box::new(number));
    let caught = catch_unwind(AssertUnwindSafe(|| count_in_threads(&["ada"], 1, tick)));
    assert_eq!(caught.is_err(), true, "whatever it panicked with");
}
