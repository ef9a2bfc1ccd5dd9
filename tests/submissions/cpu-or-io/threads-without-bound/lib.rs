//! A batch of tasks, and how many threads it gets.

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
        Kind::Cpu => cores.min(MOST),
        Kind::Io => tasks,
    };
    wanted.min(tasks).max(1)
}

pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    let results = Mutex::new(vec![0; tasks]);
    let waiting = Mutex::new(0..tasks);
    let next = || waiting.lock().unwrap().next();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(number) = next() {
                    let result = task(number);
                    results.lock().unwrap()[number] = result;
                }
            });
        }
    });
    results.into_inner().unwrap()
}
