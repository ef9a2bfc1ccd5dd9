//! Each thread gets a slice of the results of its own, the first ones a place more.

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
    let mut results = vec![0; tasks];
    thread::scope(|scope| {
        let mut rest = &mut results[..];
        let mut first = 0;
        for number in 0..threads {
            let size = tasks / threads + usize::from(number < tasks % threads);
            let (mine, others) = std::mem::take(&mut rest).split_at_mut(size);
            rest = others;
            let begin = first;
            first += size;
            let task = &task;
            scope.spawn(move || {
                for (offset, place) in mine.iter_mut().enumerate() {
                    *place = task(begin + offset);
                }
            });
        }
    });
    results
}
