//! A pool: a fixed number of worker processes that do whatever is submitted.
//!
//! This is the only file that you edit. `cargo test -p pool` judges it.

use std::io;

/// Worker processes that wait for tasks.
///
/// A process has one pool at a time. When that one is joined it may make another, even if not all
/// results have been read.
pub struct Pool {
    // How do tasks get to the workers, and how do results come back?
}

/// The promise of one task's result.
pub struct Handle {
    // How does it know which of the results is its own?
}

impl Pool {
    /// Forks `workers` processes, at least 1, that do `task` with whatever is submitted.
    ///
    /// No other process is ever created, neither here nor later. A worker that has nothing to do
    /// sleeps, and goes on waiting when it has handled a signal meanwhile. `task` does not panic.
    pub fn new(workers: usize, task: impl Fn(i64) -> i64) -> io::Result<Pool> {
        let _ = (workers, task);
        todo!("make the channels, fork the workers")
    }

    /// Hands a task over and returns at once: before it is done, before it is even begun.
    ///
    /// Tasks are begun in the order of submission, each once, by whichever worker is free; if one
    /// is free already, the task is begun without anybody asking for its result. One that has to
    /// wait for a worker is begun when one is free, at the latest in the next `submit` or `join`,
    /// or the next `get` that has to wait. Any number may be an input or a result, and two tasks
    /// may have the same input.
    ///
    /// Up to 1000 tasks may be submitted whose results have not been read, be their handles kept
    /// or dropped; what happens with more of them is up to you. In all there may be any number.
    /// Dropping a handle waits for nothing.
    ///
    /// After `close` nothing is taken in any more: `submit` returns an error.
    pub fn submit(&mut self, input: i64) -> io::Result<Handle> {
        let _ = input;
        todo!("send the input to the workers, and remember which task it was")
    }

    /// Says that no task will follow; called once. What was submitted is still done.
    pub fn close(&mut self) -> io::Result<()> {
        todo!("let the workers know that there is no more to come")
    }

    /// Waits until every task is done and every worker has ended and been waited for.
    ///
    /// It is called once, after `close`. Results can be read from their handles before it and after
    /// it, then even when the pool has been dropped.
    pub fn join(&mut self) -> io::Result<()> {
        todo!("wait for the workers")
    }
}

impl Handle {
    /// Sleeps until this task is done, whatever the others do, and returns its result.
    ///
    /// It goes on waiting when signals are handled meanwhile. However many other results were read
    /// before, this one is still there.
    pub fn get(self) -> io::Result<i64> {
        todo!("find the result of this task among all results")
    }
}
