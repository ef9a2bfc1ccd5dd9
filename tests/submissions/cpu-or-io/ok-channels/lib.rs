//! A batch over two channels.

use std::sync::{Mutex, mpsc};
use std::thread;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cpu,
    Io,
}

pub const MOST: usize = 64;

pub fn threads_for(kind: Kind, tasks: usize, cores: usize) -> usize {
    match (kind, tasks) {
        (_, 0) => 1,
        (Kind::Cpu, _) => tasks.min(cores).min(MOST),
        (Kind::Io, _) => tasks.min(MOST),
    }
}

pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    let (sender, numbers) = mpsc::channel();
    for number in 0..tasks {
        sender.send(number).unwrap();
    }
    drop(sender);
    let numbers = Mutex::new(numbers);
    let (results, done) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads {
            let results = results.clone();
            let (numbers, task) = (&numbers, &task);
            scope.spawn(move || {
                loop {
                    // A statement of its own, so that the lock is free while the task runs.
                    let number = numbers.lock().unwrap().recv();
                    let Ok(number) = number else { break };
                    results.send((number, task(number))).unwrap();
                }
            });
        }
    });
    drop(results);
    let mut results: Vec<_> = done.iter().collect();
    results.sort_unstable();
    results.into_iter().map(|(_, result)| result).collect()
}
