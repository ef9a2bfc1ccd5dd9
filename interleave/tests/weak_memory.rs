//! What orderings weaker than `SeqCst` allow is found, and what they forbid never shown.

#![expect(clippy::unwrap_used, reason = "the programs that are explored")]

extern crate interleave as std;

use std::hint::spin_loop;
use std::prelude::v1::*;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering, fence};
use std::sync::{Arc, Mutex};
use std::thread;

use interleave::{Explore, Report, Verdict};

/// Not the `#[test]` of the look-alike: these tests explore by themselves.
use ::core::prelude::v1::test;

fn explore(body: impl Fn() + Send + Sync + 'static) -> Report {
    // A search through all schedules shows nothing of this.
    Explore::new("weak").exhaustive_up_to(500).run(body)
}

#[track_caller]
fn is_wrong(body: impl Fn() + Send + Sync + 'static) {
    let report = explore(body);
    assert_eq!(report.verdict, Verdict::Race, "{report}");
    let schedule = report.schedule.clone().expect("a failure has a schedule").to_string();
    assert!(schedule.split('|').next().is_some_and(|rules| rules.contains('w')), "{report}");
}

#[track_caller]
fn is_right(body: impl Fn() + Send + Sync + 'static) {
    let report = explore(body);
    assert!(report.passed(), "{report}");
}

/// Writes, sets a flag; waits for the flag, reads.
fn message(set: Ordering, look: Ordering) {
    let shared = Arc::new((AtomicU32::new(0), AtomicBool::new(false)));
    let other = Arc::clone(&shared);
    let writer = thread::spawn(move || {
        other.0.store(7, Relaxed);
        other.1.store(true, set);
    });
    while !shared.1.load(look) {
        spin_loop();
    }
    assert_eq!(shared.0.load(Relaxed), 7);
    writer.join().unwrap();
}

#[test]
fn a_message_arrives_if_its_flag_is_released_and_acquired() {
    is_wrong(|| message(Relaxed, Relaxed));
    is_wrong(|| message(Release, Relaxed));
    is_wrong(|| message(Relaxed, Acquire));
    is_right(|| message(Release, Acquire));
    is_right(|| message(SeqCst, SeqCst));
}

#[test]
fn fences_make_relaxed_accesses_release_and_acquire() {
    fn with_fences(set: Option<Ordering>, look: Option<Ordering>) {
        let shared = Arc::new((AtomicU32::new(0), AtomicBool::new(false)));
        let other = Arc::clone(&shared);
        let writer = thread::spawn(move || {
            other.0.store(7, Relaxed);
            set.into_iter().for_each(fence);
            other.1.store(true, Relaxed);
        });
        while !shared.1.load(Relaxed) {
            spin_loop();
        }
        look.into_iter().for_each(fence);
        assert_eq!(shared.0.load(Relaxed), 7);
        writer.join().unwrap();
    }
    is_right(|| with_fences(Some(Release), Some(Acquire)));
    is_wrong(|| with_fences(Some(Release), None));
    is_wrong(|| with_fences(None, Some(Acquire)));
}

/// Each says that it wants, then looks whether the other does: at most one goes in.
fn both_want(say: Ordering, look: Ordering, between: Option<Ordering>) {
    let wants = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
    let goes_in = move |wants: &[AtomicBool; 2], me: usize| {
        wants[me].store(true, say);
        between.into_iter().for_each(fence);
        !wants[1 - me].load(look)
    };
    let other = Arc::clone(&wants);
    let thread = thread::spawn(move || goes_in(&other, 1));
    let first = goes_in(&wants, 0);
    assert!(!(first && thread.join().unwrap()), "both are in");
}

#[test]
fn to_say_and_then_to_look_takes_sequential_consistency() {
    is_wrong(|| both_want(Release, Acquire, None));
    is_wrong(|| both_want(Relaxed, Relaxed, Some(AcqRel)));
    is_right(|| both_want(SeqCst, SeqCst, None));
    is_right(|| both_want(Relaxed, Relaxed, Some(SeqCst)));
}

/// A lock of one flag around a number that two threads count up.
fn counted_under_a_lock(take: Ordering, give: Ordering) {
    let shared = Arc::new((AtomicBool::new(false), AtomicU32::new(0)));
    let count = move |shared: &(AtomicBool, AtomicU32)| {
        while shared.0.compare_exchange_weak(false, true, take, Relaxed).is_err() {
            spin_loop();
        }
        let number = shared.1.load(Relaxed);
        shared.1.store(number + 1, Relaxed);
        shared.0.store(false, give);
    };
    let other = Arc::clone(&shared);
    let thread = thread::spawn(move || count(&other));
    count(&shared);
    thread.join().unwrap();
    assert_eq!(shared.1.load(Relaxed), 2);
}

#[test]
fn a_lock_acquires_and_releases() {
    is_wrong(|| counted_under_a_lock(Relaxed, Relaxed));
    is_wrong(|| counted_under_a_lock(Acquire, Relaxed));
    is_right(|| counted_under_a_lock(Acquire, Release));
}

#[test]
fn an_update_hands_on_what_was_released_before_it() {
    is_right(|| {
        let shared = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
        let others = [Arc::clone(&shared), Arc::clone(&shared)];
        let [writer, counter] = others;
        let writer = thread::spawn(move || {
            writer.0.store(7, Relaxed);
            writer.1.fetch_add(1, Release);
        });
        let counter = thread::spawn(move || counter.1.fetch_add(10, Relaxed));
        if shared.1.load(Acquire) == 11 {
            assert_eq!(shared.0.load(Relaxed), 7);
        }
        writer.join().unwrap();
        counter.join().unwrap();
    });
}

#[test]
fn two_readers_may_see_two_writers_in_different_orders() {
    fn orders(store: Ordering, load: Ordering) {
        let shared = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
        let writers = [0, 1].map(|one| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared[one].store(true, store))
        });
        let other = Arc::clone(&shared);
        let second = thread::spawn(move || (other[1].load(load), other[0].load(load)));
        let first = (shared[0].load(load), shared[1].load(load));
        let second = second.join().unwrap();
        assert!(first != (true, false) || second != (true, false));
        writers.into_iter().for_each(|writer| writer.join().unwrap());
    }
    is_wrong(|| orders(Release, Acquire));
    is_right(|| orders(SeqCst, SeqCst));
}

#[test]
fn a_thread_never_sees_one_atomic_go_back() {
    is_right(|| {
        let shared = Arc::new(AtomicU32::new(0));
        let other = Arc::clone(&shared);
        let writer = thread::spawn(move || (1..4).for_each(|value| other.store(value, Relaxed)));
        let seen = [(); 4].map(|()| shared.load(Relaxed));
        assert!(seen.is_sorted(), "{seen:?}");
        writer.join().unwrap();
        assert_eq!(shared.load(Relaxed), 3);
    });
}

#[test]
fn locks_threads_and_channels_show_what_was_stored_before() {
    is_right(|| {
        let shared = Arc::new((Mutex::new(false), AtomicU32::new(0)));
        let other = Arc::clone(&shared);
        let (sender, receiver) = std::sync::mpsc::channel();
        let writer = thread::spawn(move || {
            {
                let mut done = other.0.lock().unwrap();
                other.1.store(1, Relaxed);
                *done = true;
            }
            other.1.store(2, Relaxed);
            sender.send(()).unwrap();
            other.1.store(3, Relaxed);
        });
        if *shared.0.lock().unwrap() {
            assert!(shared.1.load(Relaxed) >= 1);
        }
        receiver.recv().unwrap();
        assert!(shared.1.load(Relaxed) >= 2);
        writer.join().unwrap();
        assert_eq!(shared.1.load(Relaxed), 3);
    });
}

#[test]
fn updates_of_any_ordering_lose_nothing() {
    is_right(|| {
        let shared = Arc::new(AtomicU32::new(0));
        let other = Arc::clone(&shared);
        let thread = thread::spawn(move || other.fetch_add(1, Relaxed));
        shared.fetch_update(Relaxed, Relaxed, |value| Some(value + 1)).unwrap();
        thread.join().unwrap();
        assert_eq!(shared.load(Relaxed), 2);
    });
}

#[test]
fn who_owns_an_atomic_again_reads_the_latest_value() {
    is_right(|| {
        let shared = Arc::new(AtomicU32::new(0));
        let other = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            other.store(1, Relaxed);
            Arc::into_inner(other).map(|own| own.load(Relaxed))
        });
        let own = Arc::into_inner(shared).map(|own| own.load(Relaxed));
        assert_eq!(own.or(thread.join().unwrap()), Some(1));
    });
}

#[test]
fn pointers_that_are_published_by_halves_are_found() {
    fn publish(store: Ordering, load: Ordering) {
        let shared = Arc::new((AtomicU32::new(0), AtomicPtr::<u8>::default()));
        let other = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            other.0.store(5, Relaxed);
            other.1.store(std::ptr::dangling_mut(), store);
        });
        if !shared.1.load(load).is_null() {
            assert_eq!(shared.0.load(Relaxed), 5);
        }
        thread.join().unwrap();
    }
    is_wrong(|| publish(Relaxed, Relaxed));
    is_right(|| publish(Release, Acquire));
}

#[test]
fn what_an_older_value_leads_to_can_be_run_again() {
    let body = || message(Relaxed, Relaxed);
    let found = explore(body);
    let schedule = found.schedule.clone().expect("a failure has a schedule");
    let again = Explore::new("again").replay(schedule).run(body);
    assert_eq!(again.message, found.message);
    assert!(found.to_string().contains("though it is true now"), "{found}");
}
