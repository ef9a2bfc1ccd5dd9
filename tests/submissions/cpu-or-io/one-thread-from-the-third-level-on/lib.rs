use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cpu,
    Io,
}

pub const MOST: usize = 64;

pub fn threads_for(kind: Kind, tasks: usize, cores: usize) -> usize {
    match kind {
        Kind::Cpu => tasks.min(cores).min(MOST).max(1),
        Kind::Io => tasks.min(MOST).max(1),
    }
}

thread_local! {
    /// In how many batches this thread is.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// A batch in a batch in a batch would be 64 * 64 * 64 threads.
const DEEPEST: usize = 2;

pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    let depth = DEPTH.with(Cell::get);
    let threads = if depth < DEEPEST { threads } else { 1 };
    let next = AtomicUsize::new(0);
    let mut parts: Vec<(usize, u64)> = thread::scope(|scope| {
        let work = || {
            DEPTH.with(|here| here.set(depth + 1));
            let mut done = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= tasks {
                    return done;
                }
                done.push((number, task(number)));
            }
        };
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        handles.into_iter().flat_map(|handle| handle.join().unwrap()).collect()
    });
    parts.sort();
    parts.into_iter().map(|(_, result)| result).collect()
}
