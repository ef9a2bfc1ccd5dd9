//! Thread t does the tasks from t shares to t + 1 shares.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cpu,
    Io,
}

pub const MOST: usize = 64;

use std::thread;

pub fn threads_for(kind: Kind, tasks: usize, cores: usize) -> usize {
    let threads = match kind {
        Kind::Cpu => cores,
        Kind::Io => tasks,
    };
    std::cmp::max(1, std::cmp::min(threads, std::cmp::min(tasks, MOST)))
}

pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    let share = tasks as f64 / threads as f64;
    let task = &task;
    let mut results = vec![0; tasks];
    thread::scope(|s| {
        let mut handles = vec![];
        for t in 0..threads {
            let begin = (t as f64 * share) as usize;
            let end = ((t + 1) as f64 * share) as usize;
            handles.push((begin, s.spawn(move || (begin..end).map(task).collect::<Vec<u64>>())));
        }
        for (begin, handle) in handles {
            for (i, r) in handle.join().unwrap().into_iter().enumerate() {
                results[begin + i] = r;
            }
        }
    });
    results
}
