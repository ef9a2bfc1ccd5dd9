//! A batch of tasks, and how many threads it gets.

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
    assert!(threads > 0, "a batch needs a thread");
    let task = &task;
    thread::scope(|scope| {
        let started: Vec<_> = (0..tasks).map(|number| scope.spawn(move || task(number))).collect();
        started.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
