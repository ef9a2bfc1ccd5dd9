//! Types of one's own that run as processes, and a clock that is one of them.
//!
//! This is the only file that you edit. `cargo test -p clock` judges it.

use std::io;
use std::time::Duration;

/// What can run as a process: whoever says what `run` does can be started.
pub trait Process {
    /// What the process does. Called by `start` in the new process, and nowhere else.
    fn run(&mut self);

    /// Forks a process that calls `run` and then exits with status 0; the caller goes on at once.
    ///
    /// The child never returns from here. `run` does not panic.
    ///
    /// Errors if the fork fails; then nobody calls `run`.
    fn start(self) -> io::Result<Started>
    where
        Self: Sized,
    {
        todo!("fork; the child runs and ends, the parent remembers the child")
    }
}

/// A process that was started.
pub struct Started {
    // What does the parent need, to wait for it?
}

impl Started {
    /// Its number.
    pub fn pid(&self) -> i32 {
        todo!("what fork returned")
    }

    /// Waits until it has ended (one that is stopped has not), asleep until its end wakes the
    /// caller, and reaps it. Returns its status, or `-n` if signal `n` ended it.
    pub fn join(self) -> io::Result<i32> {
        todo!("wait for it")
    }
}

/// A clock that ticks in a process of its own.
pub struct Clock {
    // What does it have to know?
}

impl Clock {
    /// A clock that ticks `ticks` times (perhaps never), at `interval`, which is more than 0, and
    /// then stops.
    pub fn new(ticks: u32, interval: Duration) -> Clock {
        let _ = (ticks, interval);
        todo!("remember both")
    }
}

impl Process for Clock {
    /// Prints one line for each tick, from the first to the last, however late it is:
    /// `clock: pid=<its process> tick=<1, 2, ...> time=<nanoseconds since run began>`.
    ///
    /// Tick `k` comes when `k` intervals have gone by since `run` began, or later; its line is
    /// printed when it comes. Meanwhile the clock is asleep, and it sleeps on when a signal
    /// interrupts it.
    ///
    /// The time is that of a clock that nobody can set back (any such clock will do), so each is
    /// greater than the one before.
    fn run(&mut self) {
        todo!("sleep, look at the time, print")
    }
}
