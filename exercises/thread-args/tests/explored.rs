//! What the threads promise under every schedule.
//!
//! `src/lib.rs` is compiled a second time here, unchanged, against a look-alike of
//! std. Each test below runs again and again, and each time the threads take their
//! steps in another order: not luck decides which orders are tried.

#[macro_use]
extern crate interleave as std;

#[path = "../src/lib.rs"]
mod student;

// `crate::` in the student's file means this file.
pub use student::*;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

#[test]
fn what_is_not_said_is_filled_in() {
    let ada = Greeting::to("Ada");
    let all = (ada.name.as_str(), ada.word.as_str(), ada.times);
    assert_eq!(all, ("Ada", "Hello", 1), "Hello, once");
    assert_eq!(ada.text(), "Hello Ada");
    let bob = Greeting { word: "Good day".to_owned(), times: 2, ..Greeting::to("Bob") };
    assert_eq!(bob.text(), "Good day Bob, Good day Bob");
    assert_eq!(Greeting { times: 0, ..bob }.text(), "");
    let odd = Greeting { times: 2, ..Greeting::to("Bob, ") };
    assert_eq!(odd.text(), "Hello Bob, , Hello Bob, ", "whatever the name is");
}

/// Cannot be copied or cloned, so it can only be moved.
struct Baton(usize);

#[test]
fn no_schedule_mixes_up_the_arguments() {
    let batons = [3, 5].map(Baton).into();
    let results = run_each(batons, |baton: Baton| baton.0 * 10);
    let results: Vec<_> = results.into_iter().map(Result::ok).collect();
    assert_eq!(results, [Some(30), Some(50)], "each thread has its own arguments");
    let results = run_each(Vec::<Baton>::new(), |baton: Baton| baton.0);
    assert_eq!(results.len(), 0, "without arguments there is no result");
    let caller = thread::current().id();
    let results = run_each(vec![Baton(7)], move |_| thread::current().id() == caller);
    let by_caller = results.into_iter().flatten().filter(|by_caller| *by_caller).count();
    assert_eq!(by_caller, 0, "one alone has a thread of its own, too");
    // Two calls at the same time, inside of a third.
    let nested = run_each(vec![1, 2], |n| run_each(vec![n], |n| n * 10).pop()?.ok());
    let nested: Vec<_> = nested.into_iter().map(Result::ok).collect();
    assert_eq!(nested, [Some(Some(10)), Some(Some(20))], "calls at the same time mix up nothing");
}

#[test]
fn no_schedule_returns_before_all_have_ended() {
    let ended = Arc::new(AtomicUsize::new(0));
    let other = Arc::clone(&ended);
    let results = run_each(vec![(); 2], move |()| {
        thread::yield_now();
        other.fetch_add(1, Ordering::SeqCst);
    });
    assert_eq!(ended.load(Ordering::SeqCst), 2, "two threads have ended when it returns");
    assert_eq!(results.len(), 2, "each has a result");
    assert_eq!(Arc::strong_count(&ended) - 1, 0, "no thread has its clone of `target` any more");
}

#[test]
fn no_schedule_loses_a_result_to_a_panic() {
    let owned = Arc::new(());
    let other = Arc::clone(&owned);
    let results = run_each(vec![1, 0], move |number: i32| {
        let _owned = &other;
        if number == 0 {
            std::panic::resume_unwind(Box::new("told to panic"));
        }
        number
    });
    let held = Arc::strong_count(&owned) - 1;
    assert_eq!(held, 0, "a thread that panicked has its clone of `target` no more than the others");
    let said: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    let said: Vec<_> = said.iter().filter_map(|panic| panic.downcast_ref::<&str>()).collect();
    let said: Vec<_> = said.into_iter().copied().collect();
    let results: Vec<_> = results.iter().map(|result| result.as_ref().ok()).collect();
    assert_eq!(results, [Some(&1), None], "the second thread panicked, the first did not");
    assert_eq!(said, ["told to panic"], "Err holds what the thread panicked with");
    let results = run_each(vec![0, 1], |number: i32| match number {
        0 => std::panic::resume_unwind(Box::new(format!("told to panic at {number}"))),
        _ => number,
    });
    let said: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    let said: Vec<_> = said.iter().map(|panic| panic.downcast_ref::<String>()).collect();
    assert_eq!(said, [Some(&"told to panic at 0".to_owned())], "Err holds just what it was");
    let results: Vec<_> = results.into_iter().map(Result::ok).collect();
    assert_eq!(results, [None, Some(1)], "the first thread panicked, the second did not");
    let results = run_each(vec![7, 8], |number: i32| std::panic::resume_unwind(Box::new(number)));
    let said: Vec<_> = results.into_iter().map(Result::<(), _>::unwrap_err).collect();
    let said: Vec<_> = said.iter().map(|panic| panic.downcast_ref::<i32>()).collect();
    assert_eq!(said, [Some(&7), Some(&8)], "Err holds what its own thread panicked with");
}
