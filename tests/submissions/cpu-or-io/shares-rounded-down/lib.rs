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
    let task = &task;
    let share = tasks / threads;
    let mut results = vec![0; tasks];
    thread::scope(|scope| {
        let mut rest = &mut results[..];
        for thread in 0..threads {
            let (mine, others) = rest.split_at_mut(share.min(rest.len()));
            rest = others;
            scope.spawn(move || {
                for (place, result) in mine.iter_mut().enumerate() {
                    *result = task(thread * share + place);
                }
            });
        }
    });
    results
}
