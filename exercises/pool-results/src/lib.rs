//! A pool whose results can be late, fail, be announced, or never come.
//!
//! This is the only file that you edit. `cargo test -p pool-results` judges it.

use std::io;
use std::time::Duration;

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The task was not done in time. It goes on, and may be asked for again.
    TimedOut,
    /// The task ended with this error.
    Error(String),
    /// The worker ended in the middle of the task, be it by `exit(0)`, or no worker is left to do it.
    Lost,
    /// The pool was terminated before the task was done.
    Dropped,
}

/// Worker processes that wait for tasks.
///
/// A process has one pool at a time, and joins it before it drops it.
pub struct Pool {
    // Who does which task at the moment? What waits, and what is done?
}

/// The promise of one task's result.
pub struct Handle {
    // How does it get to what the pool knows?
}

impl Pool {
    /// Forks `workers` processes, at least 1, that do `task` with whatever is submitted.
    ///
    /// No other process is ever created: a worker that dies is not replaced, and the others go on.
    /// A process that has nothing to do sleeps.
    pub fn new(workers: usize, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<Pool> {
        let _ = (workers, task);
        todo!("fork the workers, each with a way to it and a way back")
    }

    /// Hands a task over and returns at once, however many tasks wait.
    ///
    /// Tasks go to workers that are free, in the order of submission. If one is free the task goes
    /// to it at the latest in the next `submit` or `join`, or the next `get` that has to wait. Two
    /// tasks may have the same input.
    ///
    /// If the task succeeds, `callback` is called with its result, once, in this process, by any of
    /// its threads, also if the handle was dropped; at the latest when `get` of the task has
    /// returned the result, or `join` has returned. If the task does not succeed, `callback` is
    /// never called. A callback does not use the pool, and does not panic.
    ///
    /// After `close` or `terminate` nothing is taken in any more: `submit` returns an error. That
    /// workers have died is no error, even if they died while they had nothing to do. If none is
    /// left, the task is taken in, and its result is `Lost`. If others are left, a task that was
    /// handed to one that had died is `Lost` or done by another, as you like.
    pub fn submit(
        &mut self,
        input: i64,
        callback: impl FnOnce(i64) + Send + 'static,
    ) -> io::Result<Handle> {
        let _ = (input, callback);
        todo!("remember the task and its callback, send it to a free worker if there is one")
    }

    /// Says that no task will follow. What was submitted is still done.
    pub fn close(&mut self) {
        todo!("take nothing in any more")
    }

    /// Ends every worker at once, also in the middle of a task, whether others have died before or
    /// not; the pool may be closed already.
    ///
    /// What is not done is `Dropped`. What is done, but whose answer has not been read yet, may be
    /// `Dropped` or not, its callback called or not. What was known before stays as it was. The
    /// handles tell all this at the latest when `join` has returned.
    pub fn terminate(&mut self) {
        todo!("end the workers, and tell the handles of tasks that are not done")
    }

    /// Waits until every task is done or has failed, and every worker has ended and been waited
    /// for. Results can be read from their handles afterwards, also when the pool has been dropped.
    ///
    /// Unless the pool was closed or terminated before, it returns an error at once, and the pool
    /// stays open. That workers have died is no error. What another `join` answers after one that
    /// was not refused is up to you.
    pub fn join(&mut self) -> io::Result<()> {
        todo!("refuse, or wait for the tasks and then for the workers")
    }
}

impl Handle {
    /// The result of this task, as soon as it is there; may be called again.
    ///
    /// Sleeps until then, but not longer than `timeout`, if there is one, whatever other results
    /// come meanwhile. An answer that has begun to come may be read to its end. A `timeout` of zero
    /// is no wait at all: what is known already is returned even then, and whether what has just
    /// come is looked for is up to you.
    pub fn get(&self, timeout: Option<Duration>) -> Result<i64, Failure> {
        let _ = timeout;
        todo!("wait for this task, for a while or for ever")
    }
}
