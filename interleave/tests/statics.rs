//! No state flows from one schedule to the next, whatever a program keeps it in.
//!
//! Each test asserts at its beginning that it finds everything as the compiler made it, and
//! changes it then. It runs under hundreds of schedules.

#![expect(unsafe_code, reason = "a static mut is one of the things that have to start anew")]

#[macro_use]
extern crate interleave as std;
extern crate interleave as core;

use std::cell::{Cell, RefCell, UnsafeCell};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Condvar, LazyLock, Mutex, Once, OnceLock, RwLock};
use std::thread;

/// Runs `change` in two threads, so that there are many schedules.
fn twice(change: impl Fn() + Sync) {
    thread::scope(|scope| {
        scope.spawn(&change);
        scope.spawn(&change);
    });
}

#[test]
fn locks_and_atomics_start_anew() {
    static COUNT: AtomicUsize = AtomicUsize::new(3);
    static LIST: Mutex<Vec<usize>> = Mutex::new(Vec::new());
    static TEXT: RwLock<String> = RwLock::new(String::new());
    static BELL: Condvar = Condvar::new();
    assert_eq!(COUNT.load(SeqCst), 3);
    assert!(LIST.lock().unwrap().is_empty());
    assert!(TEXT.read().unwrap().is_empty());
    twice(|| {
        let count = COUNT.fetch_add(1, SeqCst);
        LIST.lock().unwrap().push(count);
        TEXT.write().unwrap().push('x');
        BELL.notify_one();
    });
    assert_eq!(LIST.lock().unwrap().len(), 2);
}

#[test]
fn what_is_made_when_first_used_is_made_once_in_each_schedule() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    static TABLE: LazyLock<Mutex<HashMap<usize, usize>>> = LazyLock::new(|| {
        MADE.fetch_add(1, SeqCst);
        Mutex::new(HashMap::new())
    });
    static NAME: OnceLock<String> = OnceLock::new();
    static ONCE: Once = Once::new();
    assert_eq!(MADE.load(SeqCst), 0);
    assert!(NAME.get().is_none() && !ONCE.is_completed());
    twice(|| {
        let length = TABLE.lock().unwrap().len();
        TABLE.lock().unwrap().insert(length, 1);
        NAME.get_or_init(|| "set".to_owned());
        ONCE.call_once(|| ());
    });
    assert_eq!(MADE.load(SeqCst), 1);
}

#[test]
fn a_lock_that_a_panic_poisoned_is_sound_again() {
    static LOCK: Mutex<u32> = Mutex::new(0);
    assert!(!LOCK.is_poisoned());
    let broken = thread::spawn(|| {
        let _guard = LOCK.lock().unwrap();
        panic!("while it is held");
    });
    assert!(broken.join().is_err() && LOCK.is_poisoned());
}

#[test]
fn thread_locals_are_made_anew_for_each_thread_of_each_schedule() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Noted;
    impl Drop for Noted {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, SeqCst);
        }
    }
    thread_local! {
        static NOTED: Noted = const { Noted };
        static CALLS: Cell<u32> = const { Cell::new(0) };
        static LIST: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
    }
    assert_eq!((DROPPED.load(SeqCst), CALLS.get()), (0, 0));
    let mine = || {
        NOTED.with(|_| ());
        CALLS.set(CALLS.get() + 1);
        LIST.with_borrow_mut(|list| list.push(CALLS.get()));
        assert_eq!(LIST.with_borrow(Vec::len), 1);
    };
    for thread in [thread::spawn(mine), thread::spawn(mine)] {
        thread.join().unwrap();
    }
    assert_eq!((DROPPED.load(SeqCst), CALLS.get()), (2, 0));
    CALLS.set(7);
}

#[test]
fn statics_that_no_model_knows_start_anew_too() {
    struct Shared(UnsafeCell<u32>);
    // SAFETY: the threads below take turns.
    unsafe impl Sync for Shared {}
    static mut PLAIN: u32 = 5;
    static CELL: Shared = Shared(UnsafeCell::new(6));
    static TURN: Mutex<()> = Mutex::new(());
    // SAFETY: no other thread runs.
    assert_eq!(unsafe { (PLAIN, *CELL.0.get()) }, (5, 6));
    twice(|| {
        let _turn = TURN.lock().unwrap();
        // SAFETY: under the lock.
        unsafe {
            PLAIN += 1;
            *CELL.0.get() += 1;
        }
    });
}

#[test]
fn atomics_of_core_are_the_models_own() {
    static COUNT: core::sync::atomic::AtomicU8 = core::sync::atomic::AtomicU8::new(0);
    assert_eq!(COUNT.load(SeqCst), 0);
    twice(|| COUNT.store(COUNT.load(SeqCst) + 1, SeqCst));
    std::reachable("an update is lost", COUNT.load(SeqCst) == 1);
}
