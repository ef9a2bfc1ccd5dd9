//! What a countdown promises under every schedule.
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
#[allow(unused_imports)]
pub use student::*;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use student::Countdown;

/// Passes if nobody has slept since, not even a while: under the explorer a clock moves on
/// only when somebody waits for a time.
fn nobody_napped(since: Instant, who: &str) {
    assert_eq!(since.elapsed() < Duration::from_millis(1), true, "{who} does not wait");
}

/// Whether `is_alive` says so; then it has to say so again.
fn has_ended(countdown: &Countdown) -> bool {
    let ended = !countdown.is_alive();
    if ended {
        assert_eq!(countdown.is_alive(), false, "what has ended is never alive again");
    }
    ended
}

#[test]
fn no_schedule_loses_a_count() {
    let counts = Arc::new(Mutex::new(Vec::new()));
    let other = Arc::clone(&counts);
    // Another thread starts it than the one that joins it.
    let start = move || Countdown::start(3, move |left| other.lock().unwrap().push(left));
    let mut countdown = thread::spawn(start).join().unwrap();
    countdown.join();
    assert_eq!(*counts.lock().unwrap(), [3, 2, 1], "all counts are told when join returns");
    let held = Arc::strong_count(&counts) - 1;
    assert_eq!(held, 0, "the thread owns no `tick` any more when join returns");
    countdown.join();
    assert_eq!(countdown.is_alive(), false, "joined twice is joined");
    let other = counts.clone();
    Countdown::start(0, move |left| other.lock().unwrap().push(left)).join();
    assert_eq!(*counts.lock().unwrap(), [3, 2, 1], "from 0 there is nothing to count");
    let (tell, told) = mpsc::channel();
    let first_only = move |left| {
        tell.send(left).unwrap();
        resume_unwind(Box::new("enough"));
    };
    Countdown::start(u32::MAX, first_only).detach();
    assert_eq!(told.recv(), Ok(u32::MAX), "it counts from the largest number too");
}

#[test]
fn a_tick_that_panics_ends_the_countdown() {
    let (tell, told) = mpsc::channel();
    let unlucky = move |left| {
        tell.send(left).unwrap();
        resume_unwind(Box::new("told to panic"))
    };
    let mut countdown = Countdown::start(2, unlucky);
    thread::yield_now();
    interleave::reachable("is_alive says that it has ended", has_ended(&countdown));
    // Whether the panic comes out of `join` is not said.
    let _ = catch_unwind(AssertUnwindSafe(|| countdown.join()));
    assert_eq!(countdown.is_alive(), false, "a thread that panicked has ended");
    assert_eq!(told.try_iter().count(), 1, "no tick follows the one that panicked");
    // It was joined, so another `join` does not wait.
    let _ = catch_unwind(AssertUnwindSafe(|| countdown.join()));
    let owned = Arc::new(());
    let slow = SlowToGo(Arc::clone(&owned));
    let mut countdown = Countdown::start(1, move |_| {
        let _owned = &slow;
        resume_unwind(Box::new("told to panic"))
    });
    let _ = catch_unwind(AssertUnwindSafe(|| countdown.join()));
    let held = Arc::strong_count(&owned) - 1;
    assert_eq!(held, 0, "a thread that panicked owns no `tick` any more when join returns");
}

/// While it is dropped others go on. Time is virtual, and passes once everybody waits.
struct SlowToGo(#[expect(dead_code, reason = "is dropped behind it")] Arc<()>);

impl Drop for SlowToGo {
    fn drop(&mut self) {
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn no_schedule_waits_for_a_countdown_that_is_started() {
    let (go, wait) = mpsc::channel::<()>();
    let before = Instant::now();
    // The thread waits for us, so whoever waits for the thread here waits for ever.
    let mut countdown = Countdown::start(1, move |_| {
        let _ = wait.recv();
    });
    assert_eq!(countdown.is_alive(), true, "it waits for us, so it has not ended");
    nobody_napped(before, "start or is_alive");
    let mut another = Countdown::start(0, |_| ());
    another.join();
    assert_eq!(another.is_alive(), false, "this one has ended");
    assert_eq!(countdown.is_alive(), true, "which does not end the other");
    drop(go);
    countdown.join();
    assert_eq!(countdown.is_alive(), false, "it has ended when join returns");
    let (tell, told) = mpsc::channel();
    let untouched = Countdown::start(1, move |left| tell.send(left).unwrap());
    // Now we wait for the thread, so whoever starts it later starts it never.
    assert_eq!(told.recv(), Ok(1), "it counts, whether anybody asks for it or not");
    untouched.detach();
}

#[test]
fn a_countdown_can_end_without_a_join() {
    let countdown = Countdown::start(1, |_| ());
    thread::yield_now();
    interleave::reachable("the thread has ended, and is_alive says so", has_ended(&countdown));
}

fn drop_in_a_panic(countdown: Countdown) {
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _dropped = countdown;
        resume_unwind(Box::new("told to panic"));
    }));
    assert_eq!(caught.is_err(), true, "this thread has panicked");
}

#[test]
fn no_schedule_waits_for_a_detached_countdown() {
    for (leave, how) in [(Countdown::detach as fn(_), "detached"), (drop, "dropped")] {
        let (go, wait) = mpsc::channel();
        let (done, is_done) = mpsc::channel();
        let countdown = Countdown::start(2, move |left| {
            wait.recv().unwrap();
            done.send(left).unwrap();
        });
        let before = Instant::now();
        leave(countdown);
        go.send(()).unwrap();
        go.send(()).unwrap();
        let counts = [is_done.recv(), is_done.recv()];
        assert_eq!(counts, [Ok(2), Ok(1)], "a countdown that is {how} goes on");
        nobody_napped(before, "whoever leaves a countdown");
    }
    let (done, is_done) = mpsc::channel();
    let countdown = Countdown::start(1, move |left| done.send(left).unwrap());
    drop_in_a_panic(countdown);
    let count = is_done.try_recv();
    interleave::reachable("dropped in a panic, it still counts", count.is_err());
    let count = count.or_else(|_| is_done.recv());
    assert_eq!(count, Ok(1), "a countdown that is dropped in a panic goes on");
}
