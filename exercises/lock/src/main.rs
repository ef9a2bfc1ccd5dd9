//! Threads change an account and change it back; a reader watches the twins.
//!
//!     cargo run -p lock -- --threads 4 --rounds 1000 --panics 2
//!
//! With `--held 1` an update of the twins never ends, and two threads come while it lasts.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use lock::{Account, Twins, change_and_change_back};
use stage::{Arguments, Gate, event};

fn main() {
    let arguments = Arguments::take(&["threads", "rounds", "panics", "held"]);
    let threads = arguments.get("threads", 4);
    let rounds = arguments.get("rounds", 1000);
    let panics = arguments.get("panics", 0);

    if arguments.get("held", 0) != 0 {
        return use_while_held(&Twins::new());
    }
    let account = Account::new();
    change_and_change_back(&account, threads, rounds);
    event("main", format_args!("balance={}", account.balance()));

    let twins = Twins::new();
    panic_inside(&twins, panics);
    let different = count_up(&twins, threads, rounds);
    let (left, right) = twins.read();
    event("main", format_args!("left={left} right={right} different={different}"));
}

/// What a gate is made of.
const PIPE: &str = "a pipe of our own";

/// One thread is in `update` for ever; another wants to update, and one to read.
fn use_while_held(twins: &Twins) {
    let inside = &Gate::new().expect(PIPE);
    thread::scope(|scope| {
        scope.spawn(move || {
            twins.update(|_| {
                inside.open().expect(PIPE);
                event("first", "inside");
                loop {
                    thread::park();
                }
            });
        });
        inside.pass().expect(PIPE);
        scope.spawn(|| twins.update(|value| value + 1));
        scope.spawn(|| twins.read());
    });
}

/// Panics inside `update`, `panics` times; each must come out again.
fn panic_inside(twins: &Twins, panics: usize) {
    for _ in 0..panics {
        let others: Vec<_> = (0..300).map(|_| Twins::new()).collect();
        // A value other than the first one, so that it shows when it is lost.
        twins.update(|value| value + 1);
        let update = || twins.update(|_| update_all_and_panic(&others));
        let caught = catch_unwind(AssertUnwindSafe(update)).is_err();
        event("main", if caught { "caught" } else { "swallowed" });
        twins.update(|value| value - 1);
        if others.iter().any(|twins| twins.read() != (0, 0)) {
            event("main", "changed");
        }
    }
}

/// Panics inside of updates of all `twins`, each of which is inside of the one before.
fn update_all_and_panic(twins: &[Twins]) -> i64 {
    let Some((first, others)) = twins.split_first() else {
        // Unwinds as a panic does, without the message.
        resume_unwind(Box::new("told to panic"));
    };
    first.update(|_| update_all_and_panic(others));
    1
}

/// Counts both twins up in `threads` threads; returns how often a reader saw them differ.
fn count_up(twins: &Twins, threads: usize, rounds: usize) -> usize {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut different = 0;
            while !done.load(Ordering::Relaxed) {
                let (left, right) = twins.read();
                different += usize::from(left != right);
            }
            different
        });
        let count = || (0..rounds).for_each(|_| twins.update(|value| value + 1));
        let writers: Vec<_> = (0..threads).map(|_| scope.spawn(count)).collect();
        let ended = writers.into_iter().all(|writer| writer.join().is_ok());
        done.store(true, Ordering::Relaxed);
        assert!(ended, "a thread that counted up panicked");
        reader.join().expect("the reader only reads")
    })
}
