//! Plain std code under the explorer, in the way of a lesson's `tests/explored.rs`.

#[macro_use]
extern crate interleave as std;

#[path = "explored/student.rs"]
#[expect(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "the file is written as a library of its own"
)]
mod student;

use std::sync::{Arc, Mutex};
use std::thread;

#[test]
fn a_counter_behind_a_lock_loses_nothing() {
    assert_eq!(student::count(2), 2);
}

#[test]
#[should_panic(expected = "lost")]
fn should_panic_is_judged_per_schedule() {
    panic!("lost");
}

#[test]
fn both_orders_are_reachable() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let threads: Vec<_> = (0..2)
        .map(|me| {
            let order = Arc::clone(&order);
            thread::spawn(move || order.lock().unwrap().push(me))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let order = order.lock().unwrap();
    interleave::reachable("the first thread is first", *order == [0, 1]);
    interleave::reachable("the second thread is first", *order == [1, 0]);
}

#[test]
fn a_test_may_return_a_result() -> Result<(), String> {
    Ok(())
}

#[test]
fn what_was_printed_so_far_can_be_read() {
    println!("one");
    thread::spawn(|| print!("two")).join().unwrap();
    assert_eq!(interleave::printed(), "one\ntwo");
}
