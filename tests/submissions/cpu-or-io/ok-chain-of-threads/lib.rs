//! Each thread starts the next one, and then does its share.

use std::thread;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cpu,
    Io,
}

pub const MOST: usize = 64;

pub fn threads_for(kind: Kind, tasks: usize, cores: usize) -> usize {
    (if kind == Kind::Cpu { cores.min(tasks) } else { tasks }).clamp(1, MOST)
}

/// A part of the places for the results, and the number of the task of its first.
struct Part<'a> {
    places: &'a mut [u64],
    first: usize,
}

impl<'a> Part<'a> {
    fn cut(self, length: usize) -> (Part<'a>, Part<'a>) {
        let (left, right) = self.places.split_at_mut(length);
        (
            Part { places: left, first: self.first },
            Part { places: right, first: self.first + length },
        )
    }

    fn fill(self, task: &impl Fn(usize) -> u64) {
        for (offset, place) in self.places.iter_mut().enumerate() {
            *place = task(self.first + offset);
        }
    }
}

/// This thread takes its fair share of the part and starts the next thread for the rest, before
/// it begins; it goes when that one has gone.
fn link<F: Fn(usize) -> u64 + Sync>(part: Part<'_>, threads: usize, task: &F) {
    let share = part.places.len().div_ceil(threads);
    let (mine, rest) = part.cut(share);
    thread::scope(|scope| {
        if threads > 1 {
            scope.spawn(move || link(rest, threads - 1, task));
        }
        mine.fill(task);
    });
}

pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    let mut results = vec![0; tasks];
    let all = Part { places: &mut results, first: 0 };
    let task = &task;
    thread::scope(|scope| {
        scope.spawn(move || link(all, threads, task));
    });
    results
}
