//! A parallel map that hands out each result as soon as it is there.
//!
//! This is the only file that you edit. `cargo test -p pool-unordered` judges it.

use std::io;

/// The results of a parallel map, in the order in which they are done.
pub struct Results {
    // What has to be remembered between two calls of `next`?
}

/// Applies `task` to every number of `input` in `workers` processes, and returns at once.
///
/// Exactly `workers` processes are forked here, at least 1, and none later; so many even if there
/// are fewer numbers, or none. Each number is done once: whichever worker is free takes the next
/// one, in the order of the input. How many results may wait to be taken before the workers are
/// held back is up to you; a worker that is held back sleeps. `task` does not panic.
///
/// If the system refuses a process this returns the error; what becomes of those that are there is
/// up to you.
///
/// This may be called again when the results have been dropped, any number of times: no descriptor
/// stays open. Other processes may call it at the same time, and share nothing with this one.
/// Children of the caller that are no workers are left alone.
pub fn pool_unordered(
    workers: usize,
    input: &[i64],
    task: impl Fn(i64) -> i64,
) -> io::Result<Results> {
    let _ = (workers, input, task);
    todo!("fork the workers, let them draw numbers, return without waiting for any of them")
}

impl Iterator for Results {
    type Item = io::Result<i64>;

    /// Sleeps until a result that has not been handed out yet is there, and returns it, whichever
    /// it is. It goes on waiting when signals are handled meanwhile.
    ///
    /// None once all have been handed out, however often it is asked; by then every worker has
    /// ended and has been waited for. If somebody else kills a worker, it is up to you what this
    /// returns, and whether it does.
    fn next(&mut self) -> Option<Self::Item> {
        todo!("take the next result that comes, or find that there are no more")
    }
}

impl Drop for Results {
    /// Ends every worker at once that has not been waited for, also one that is in the middle of
    /// a task, and waits for it. The caller may handle or ignore signals such as SIGTERM.
    fn drop(&mut self) {
        todo!("end the workers that are left, and wait for them")
    }
}
