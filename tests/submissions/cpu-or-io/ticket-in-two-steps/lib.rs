//! A batch of tasks, and how many threads it gets.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cpu,
    Io,
}

pub const MOST: usize = 64;

pub fn threads_for(kind: Kind, tasks: usize, cores: usize) -> usize {
    let wanted = match kind {
        Kind::Cpu => cores,
        Kind::Io => MOST,
    };
    wanted.min(tasks).min(MOST).max(1)
}

pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    let results = Mutex::new(vec![0; tasks]);
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.load(Ordering::SeqCst);
                    if number >= tasks {
                        break;
                    }
                    next.store(number + 1, Ordering::SeqCst);
                    let result = task(number);
                    results.lock().unwrap()[number] = result;
                }
            });
        }
    });
    results.into_inner().unwrap()
}
