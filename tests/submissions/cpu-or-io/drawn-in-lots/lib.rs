//! Threads draw their tasks, several at a time if there are many.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cpu,
    Io,
}

pub const MOST: usize = 64;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

pub fn threads_for(kind: Kind, tasks: usize, cores: usize) -> usize {
    let n = match kind {
        Kind::Cpu => cores,
        Kind::Io => tasks,
    };
    n.min(tasks).min(MOST).max(1)
}

pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    // As OpenMP's schedule(dynamic, chunk): fewer accesses to the shared counter.
    let chunk = (tasks / (32 * threads)).max(1);
    let next = AtomicUsize::new(0);
    let mut all: Vec<(usize, u64)> = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut mine = Vec::new();
                    loop {
                        let begin = next.fetch_add(chunk, Ordering::Relaxed);
                        if begin >= tasks {
                            return mine;
                        }
                        for number in begin..tasks.min(begin + chunk) {
                            mine.push((number, task(number)));
                        }
                    }
                })
            })
            .collect();
        handles.into_iter().flat_map(|handle| handle.join().unwrap()).collect()
    });
    all.sort();
    all.into_iter().map(|(_, result)| result).collect()
}
