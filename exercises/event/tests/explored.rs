//! What an event promises under every schedule.
//!
//! `src/lib.rs` is compiled a second time here, unchanged, against a look-alike of
//! std. Each test below runs again and again, and each time the threads take their
//! steps in another order: not luck decides which orders are tried. A wait on a
//! condition variable may also end without a notification, as std allows it to.

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

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use student::{Event, Handover};

/// A number and no more: time is virtual. Not a whole number of milliseconds.
const LONG: Duration = Duration::from_micros(100_500);

/// A thousand days, which take no time either.
const DAYS: Duration = Duration::from_secs(86_400_000);

/// More than a few looks at the clock take.
const MOMENT: Duration = Duration::from_millis(2);

#[test]
fn no_schedule_reads_the_password_too_early() {
    let handover = Arc::new(Handover::new());
    let other = Arc::clone(&handover);
    let publisher = thread::spawn(move || other.publish(" Open,\0 sesame!\n"));
    let word = handover.receive();
    assert_eq!(word, " Open,\0 sesame!\n", "the password is there once the wait is over");
    publisher.join().unwrap();
    for odd in ["", "\0", "\u{feff}sesame\0"] {
        let another = Handover::new();
        another.publish(odd);
        assert_eq!(another.receive(), odd, "any text is a password, also an empty one");
    }
    let (long, third) =
        ("correct horse battery staple, 马 \u{10ffff}".repeat(2000), Handover::new());
    third.publish(&long);
    assert_eq!(third.receive() == long, true, "so is one of 76000 bytes");
    assert_eq!(handover.receive(), word, "and it stays there, whatever others hand over");
}

#[test]
fn no_schedule_leaves_the_wait_before_the_set() {
    let event = Arc::new(Event::new());
    let about_to_set = Arc::new(AtomicBool::new(false));
    let (other, flag) = (Arc::clone(&event), Arc::clone(&about_to_set));
    let setter = thread::spawn(move || {
        // Nothing but the event orders this behind the look below.
        flag.store(true, Ordering::Relaxed);
        other.set();
    });
    event.wait();
    assert_eq!(about_to_set.load(Ordering::Relaxed), true, "the wait is over, so it was set");
    setter.join().unwrap();
}

#[test]
fn no_schedule_forgets_a_waiter() {
    let event = Arc::new(Event::new());
    let waiters = [None, None, Some(LONG)].map(|timeout| {
        let event = Arc::clone(&event);
        thread::spawn(move || match timeout {
            Some(timeout) => drop(event.wait_timeout(timeout)),
            None => event.wait(),
        })
    });
    event.set();
    assert_eq!(event.is_set(), true, "it is set, whoever looks at it meanwhile");
    for waiter in waiters {
        waiter.join().unwrap();
    }
    assert_eq!(event.is_set(), true, "waiting takes nothing away");
    let handover = Arc::new(Handover::new());
    let receivers = [(); 2].map(|()| {
        let handover = Arc::clone(&handover);
        thread::spawn(move || handover.receive())
    });
    handover.publish("sesame");
    for receiver in receivers {
        receiver.join().unwrap();
    }
}

#[test]
fn a_wait_after_the_set_returns_at_once() {
    let event = Event::new();
    assert_eq!(event.is_set(), false, "an event is not set at first");
    event.set();
    event.wait();
    event.wait();
    assert_eq!(event.wait_timeout(LONG), true, "it was set long ago");
    assert_eq!(event.wait_timeout(Duration::ZERO), true, "even without any time to wait");
    assert_eq!(event.wait_timeout(Duration::MAX), true, "and with all the time there is");
    assert_eq!(Event::new().is_set(), false, "another event is not set with this one");
    assert_eq!(event.is_set(), true, "nor this one taken back with another");
    event.set();
    assert_eq!(event.is_set(), true, "set twice is set");
}

#[test]
fn clear_makes_everybody_wait_again() {
    let event = Arc::new(Event::new());
    event.set();
    event.set();
    let other = Arc::clone(&event);
    let looker = thread::spawn(move || other.is_set());
    event.clear();
    assert_eq!(event.is_set(), false, "one clear is enough, whoever looks at it meanwhile");
    looker.join().unwrap();
    event.clear();
    assert_eq!(event.wait_timeout(LONG), false, "nobody sets it again yet");
    let about_to_set = Arc::new(AtomicBool::new(false));
    let (other, flag) = (Arc::clone(&event), Arc::clone(&about_to_set));
    let setter = thread::spawn(move || {
        // There is nothing to take back: nobody is let go, and nobody forgotten.
        other.clear();
        flag.store(true, Ordering::SeqCst);
        other.set();
    });
    event.wait();
    assert_eq!(about_to_set.load(Ordering::SeqCst), true, "the wait is for the next set");
    setter.join().unwrap();
    // Whoever was woken, and comes to look only after the clear, goes with the next set.
    let event = Arc::new(Event::new());
    let other = Arc::clone(&event);
    let waiter = thread::spawn(move || other.wait());
    event.set();
    event.clear();
    assert_eq!(event.wait_timeout(LONG), false, "who comes after the clear waits for the next set");
    event.set();
    waiter.join().unwrap();
}

#[test]
fn no_schedule_says_set_when_it_is_not() {
    let event = Arc::new(Event::new());
    let about_to_set = Arc::new(AtomicBool::new(false));
    let (other, flag) = (Arc::clone(&event), Arc::clone(&about_to_set));
    let setter = thread::spawn(move || {
        other.clear();
        flag.store(true, Ordering::SeqCst);
        other.set();
    });
    let start = Instant::now();
    let set = event.wait_timeout(LONG);
    assert_eq!(set || start.elapsed() >= LONG, true, "false means that the time is up");
    let seen = about_to_set.load(Ordering::SeqCst);
    assert_eq!((set, seen || !set), (set, true), "true means that it was set");
    setter.join().unwrap();
    // That the time is up first is possible too, and then the answer is false.
    interleave::reachable("a set ends a wait that has time left", set);
    assert_eq!(event.wait_timeout(LONG), true, "now it is set");
    for timeout in [DAYS, Duration::MAX] {
        let event = Arc::new(Event::new());
        let other = Arc::clone(&event);
        let start = Instant::now();
        let setter = thread::spawn(move || {
            thread::sleep(LONG);
            other.set();
            start.elapsed()
        });
        let set = event.wait_timeout(timeout);
        let ended = start.elapsed();
        let was_set = setter.join().unwrap();
        assert_eq!(set || ended >= DAYS, true, "a thousand days are up after a thousand days");
        let woken = ended < was_set + MOMENT;
        assert_eq!(woken || ended >= DAYS, true, "a set ends the wait, not the end of a nap");
    }
}

#[test]
fn a_wait_whose_time_is_up_says_so() {
    let event = Arc::new(Event::new());
    let other = Arc::clone(&event);
    // Both wait, and nobody ever sets it.
    let waiter = thread::spawn(move || other.wait_timeout(LONG));
    assert_eq!(event.wait_timeout(LONG), false, "nobody sets it");
    assert_eq!(waiter.join().unwrap(), false, "nobody sets it");
    // Woken again and again, each time before a timeout of its own would be up.
    let (event, over) = (Arc::new(Event::new()), Arc::new(AtomicBool::new(false)));
    let (other, flag) = (Arc::clone(&event), Arc::clone(&over));
    let waker = thread::spawn(move || {
        for _ in (0..20).take_while(|_| !flag.load(Ordering::SeqCst)) {
            thread::sleep(LONG / 2);
            other.set();
            other.clear();
        }
    });
    let start = Instant::now();
    let set = event.wait_timeout(LONG);
    assert_eq!(set || start.elapsed() >= LONG, true, "false means that the time is up");
    // A sleep ends early, before the wait has begun, five times at most.
    assert_eq!(start.elapsed() < 6 * LONG, true, "being woken makes no wait longer");
    over.store(true, Ordering::SeqCst);
    waker.join().unwrap();
}
