//! Threads that start, overlap, spin and end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use crate::system::{Behaviour, fork, sleep, wait};

pub(crate) const ALL: &[Behaviour] = &[
    ("threads-200", || threads(200)),
    ("threads-100", || threads(100)),
    ("threads-100-one-by-one", threads_one_by_one),
    ("named", named),
    ("detached", detached),
    ("thread-exits-process", thread_exits_process),
    ("main-thread-ends-first", main_thread_ends_first),
    ("fork-in-thread", fork_in_thread),
    ("spin", spin),
    ("spin-politely", spin_politely),
    ("spin-while-others-wait", spin_while_others_wait),
    ("spin-in-a-worker", spin_in_a_worker),
    ("counts-long", counts_long),
    ("spins-on-the-clock", spins_on_the_clock),
    ("spins-for-a-worker", spins_for_a_worker),
    ("sleeps-for-ever", || sleep(1_000_000)),
    ("panic", || panic!("on purpose")),
];

/// All of them are alive at once.
fn threads(count: usize) {
    let all = Arc::new(Barrier::new(count));
    let start = |_| {
        let all = Arc::clone(&all);
        thread::spawn(move || all.wait())
    };
    let threads: Vec<_> = (0..count).map(start).collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

fn threads_one_by_one() {
    (0..100).for_each(|_| thread::spawn(|| ()).join().unwrap());
}

fn named() {
    let start = |name: &str| thread::Builder::new().name(name.to_owned()).spawn(|| ()).unwrap();
    for thread in ["worker-0", "worker-1"].map(start) {
        thread.join().unwrap();
    }
}

/// Two threads sleep on when the program ends.
fn detached() {
    (0..2).for_each(|_| drop(thread::spawn(|| sleep(1_000_000))));
}

fn thread_exits_process() {
    thread::spawn(|| std::process::exit(5)).join().unwrap();
}

fn main_thread_ends_first() {
    thread::spawn(|| {
        sleep(30);
        println!("done");
        std::process::exit(0);
    });
    unsafe { libc::syscall(libc::SYS_exit, 0) };
}

fn fork_in_thread() {
    thread::spawn(|| wait(fork(|| 0))).join().unwrap();
}

static NEVER: AtomicBool = AtomicBool::new(false);

fn spin() {
    while !NEVER.load(Ordering::Relaxed) {
        std::hint::spin_loop();
    }
}

fn spin_politely() {
    let spinners = [(); 2].map(|()| {
        thread::spawn(|| {
            while !NEVER.load(Ordering::Relaxed) {
                thread::yield_now();
            }
        })
    });
    for spinner in spinners {
        spinner.join().unwrap();
    }
}

fn spin_while_others_wait() {
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let waits = thread::spawn(move || receiver.recv().is_ok());
    spin();
    drop(sender);
    waits.join().unwrap();
}

fn spin_in_a_worker() {
    thread::spawn(spin).join().unwrap();
}

/// Half a second of work, all of it in registers.
fn counts_long() {
    let until = std::time::Instant::now() + std::time::Duration::from_millis(500);
    while std::time::Instant::now() < until {
        let mut count = 0u64;
        while std::hint::black_box(count) < 20_000_000 {
            count += 1;
        }
    }
}

fn spins_on_the_clock() {
    let before = std::time::Instant::now();
    while before.elapsed().as_millis() < 500 {
        std::hint::spin_loop();
    }
}

fn spins_for_a_worker() {
    let done = Arc::new(AtomicBool::new(false));
    let worker = {
        let done = done.clone();
        thread::spawn(move || {
            sleep(500);
            done.store(true, Ordering::Release);
        })
    };
    while !done.load(Ordering::Acquire) {
        std::hint::spin_loop();
    }
    worker.join().unwrap();
}
