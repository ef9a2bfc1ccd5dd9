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
    let mut results = vec![0; tasks];
    thread::scope(|scope| {
        let shares = (0..threads)
            .map(|first| {
                let numbers = (first..tasks).step_by(threads);
                scope
                    .spawn(move || numbers.map(|number| (number, task(number))).collect::<Vec<_>>())
            })
            .flat_map(|thread| thread.join().unwrap());
        for (number, result) in shares {
            results[number] = result;
        }
    });
    results
}
