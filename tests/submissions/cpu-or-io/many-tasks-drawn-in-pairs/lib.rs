//! A batch of tasks on as many threads as their kind deserves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What the tasks of a batch spend their time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// They compute: each keeps a core busy from beginning to end.
    Cpu,
    /// They wait, for a disk, a network, a person: hardly any of them needs a core.
    Io,
}

/// The most threads that a batch ever gets.
pub const MOST: usize = 64;

/// How many threads a batch of `tasks` tasks gets on a machine with `cores` cores.
pub fn threads_for(kind: Kind, tasks: usize, cores: usize) -> usize {
    let useful = match kind {
        Kind::Cpu => tasks.min(cores),
        Kind::Io => tasks,
    };
    // A thread costs memory and a place in the scheduler also while it waits.
    useful.clamp(1, MOST)
}

/// Runs `task(0)`, `task(1)`, ... `task(tasks - 1)`, each once, on exactly `threads` new threads.
pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    // Whoever is free draws the next number, so a thread with slow tasks simply does fewer.
    // `fetch_add` looks and advances in one step. Nothing else has to be ordered by it, so
    // `Relaxed` is enough: the results travel by `join`.
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            // With many tasks, fewer trips to the counter.
            let several = (tasks / (16 * threads)).max(1);
            let first = next.fetch_add(several, Ordering::Relaxed);
            if first >= tasks {
                return done;
            }
            for number in first..tasks.min(first + several) {
                done.push((number, task(number)));
            }
        }
    };

    let mut done = thread::scope(|scope| {
        // All are started before any is waited for. Without `collect` the iterator would
        // start and join them one after the other, since iterators are lazy.
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut done = Vec::with_capacity(tasks);
        for thread in started {
            done.extend(thread.join().expect("a task panicked"));
        }
        done
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}
