//! `MOST` taken for a bound of the whole process.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cpu,
    Io,
}

pub const MOST: usize = 64;

/// How many threads of all batches are at work.
static AT_WORK: AtomicUsize = AtomicUsize::new(0);

pub fn threads_for(kind: Kind, tasks: usize, cores: usize) -> usize {
    let most = tasks.min(MOST);
    match kind {
        Kind::Io => most,
        Kind::Cpu => most.min(cores),
    }
    .max(1)
}

struct AtWork(usize);

impl AtWork {
    /// So many threads. A batch inside a batch (or beside one) gets what is left of MOST.
    fn claim(threads: usize) -> AtWork {
        let claimed = |busy: usize| match busy {
            0 => threads,
            _ => threads.min(MOST.saturating_sub(busy)).max(1),
        };
        let busy = AT_WORK.fetch_update(SeqCst, SeqCst, |busy| Some(busy + claimed(busy))).unwrap();
        AtWork(claimed(busy))
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        AT_WORK.fetch_sub(self.0, SeqCst);
    }
}

pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    let claim = AtWork::claim(threads);
    let threads = claim.0;
    let task = &task;
    let mut columns: Vec<std::vec::IntoIter<u64>> = thread::scope(|scope| {
        let started: Vec<_> = (0..threads)
            .map(|t| scope.spawn(move || (t..tasks).step_by(threads).map(task).collect::<Vec<_>>()))
            .collect();
        started.into_iter().map(|t| t.join().unwrap().into_iter()).collect()
    });
    (0..tasks).map(|number| columns[number % threads].next().unwrap()).collect()
}
