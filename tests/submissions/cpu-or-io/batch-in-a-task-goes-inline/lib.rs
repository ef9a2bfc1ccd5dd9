//! Threads draw from a range; a thread that belongs to a batch starts no others.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cpu,
    Io,
}

pub const MOST: usize = 64;

use std::cell::Cell;
use std::sync::Mutex;
use std::thread;

thread_local! {
    /// Whether this thread already belongs to a batch.
    static AT_WORK: Cell<bool> = const { Cell::new(false) };
}

pub fn threads_for(kind: Kind, tasks: usize, cores: usize) -> usize {
    match kind {
        Kind::Cpu => cores,
        Kind::Io => tasks,
    }
    .min(tasks)
    .clamp(1, MOST)
}

pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    if AT_WORK.with(|at_work| at_work.get()) {
        // Threads that start threads would be too many; this one is free for it anyway.
        return (0..tasks).map(task).collect();
    }
    let numbers = Mutex::new(0..tasks);
    let results = Mutex::new(Vec::with_capacity(tasks));
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    AT_WORK.with(|at_work| at_work.set(true));
                    loop {
                        let next = numbers.lock().unwrap().next();
                        let Some(number) = next else { break };
                        let result = task(number);
                        results.lock().unwrap().push((number, result));
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap();
        }
    });
    let mut results = results.into_inner().unwrap();
    results.sort_by_key(|r| r.0);
    results.into_iter().map(|r| r.1).collect()
}
