//! Many children at once.
//!
//! This is the only file that you edit. `cargo test -p many` judges it.

use std::io;

/// Something to do in a process of its own.
pub struct Task {
    /// What it is called. Several tasks may have the same name.
    pub name: String,
    /// Does it, and returns the exit status, 0 to 255. Does not panic.
    pub work: Box<dyn FnOnce() -> i32>,
}

/// Children that were started together.
pub struct Children {
    // What do you have to know of each child?
}

impl Children {
    /// Starts every task in a process of its own, and waits for none of them. There may be no task.
    ///
    /// The child does the work and exits with its status, by `exit` or `_exit`; it never returns
    /// from here. Errors if a fork fails; what becomes of those that run already is then up to you.
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let _ = tasks;
        todo!("fork once for each task")
    }

    /// The names of those that have not ended, in the order of the tasks; never waits, not even a
    /// little. One that is stopped has not ended.
    ///
    /// Other children, those of another `Children` or the caller's own, are left alone here and in
    /// the join: they are for others to wait for.
    pub fn active(&mut self) -> io::Result<Vec<String>> {
        todo!("ask each child, without waiting, whether it has ended")
    }

    /// Waits until all have ended, and reaps them; the exit codes in the order of the tasks. One
    /// that is stopped has not ended.
    ///
    /// The code is the status of a child that exited, and `-n` if signal `n` ended it.
    pub fn join_all(self) -> io::Result<Vec<i32>> {
        todo!("wait for each child that has not been reaped yet")
    }
}

/// How many processes this machine lets the program run at the same moment, at least 1: what
/// `std::thread::available_parallelism` says when it is asked.
pub fn processors() -> usize {
    todo!("ask std")
}
