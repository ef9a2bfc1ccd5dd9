//! A pool: a fixed number of worker processes that do whatever is submitted.
//!
//! This is the only file that you edit. `cargo test -p pool` judges it.

use std::io;

/// Worker processes that wait for tasks. A process has one pool at a time, but may make another
/// when that one is joined.
pub struct Pool {
    // How do tasks get to the workers, and how do results come back?
}

/// The promise of one task's result.
pub struct Handle {
    // How does it know which of the results is its own?
}

impl Pool {
    /// Forks `workers` processes, at least 1, that do `task` with whatever is submitted. It does not
    /// panic.
    ///
    /// No other process is ever created, neither here nor later. A worker that has
    /// nothing to do sleeps, and is still there when a signal has been handled meanwhile.
    pub fn new(workers: usize, task: impl Fn(i64) -> i64) -> io::Result<Pool> {
        let _ = (workers, task);
        todo!("make the channels, fork the workers")
    }

    /// Hands a task over and returns at once: before it is done, before it is even begun.
    ///
    /// Tasks are begun in the order of submission, each once, by whichever worker is
    /// free; if one is free already, the task is begun without anybody asking for its result.
    /// Any number may be an input, and two tasks may have the same. Up to 1000 tasks may be
    /// submitted whose results have not been read, be their handles kept or dropped; what more of
    /// them do is up to you. After `close` nothing is taken in any more: an error.
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
    /// It is called once, after `close`. Results can be read from their handles afterwards, even when
    /// the pool has been dropped then.
    pub fn join(&mut self) -> io::Result<()> {
        todo!("wait for the workers")
    }
}

impl Handle {
    /// Sleeps until this task is done, whatever the others do, also if signals are handled
    /// meanwhile, and returns its result, however many others were read before.
    pub fn get(self) -> io::Result<i64> {
        todo!("find the result of this task among all results")
    }
}
