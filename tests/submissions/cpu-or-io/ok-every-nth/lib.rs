//! A batch in which it is settled beforehand who does what.

use std::thread;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cpu,
    Io,
}

pub const MOST: usize = 64;

pub fn threads_for(kind: Kind, tasks: usize, cores: usize) -> usize {
    let most = if kind == Kind::Cpu { cores.min(MOST) } else { MOST };
    most.min(tasks).max(1)
}

pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    let task = &task;
    let shares: Vec<Vec<u64>> = thread::scope(|scope| {
        let share =
            |thread| scope.spawn(move || (thread..tasks).step_by(threads).map(task).collect());
        let started: Vec<_> = (0..threads).map(share).collect();
        started.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    (0..tasks).map(|number| shares[number % threads][number / threads]).collect()
}
