//! Types of one's own that run as processes, and a clock that is one of them.

use std::io;
use std::process::id;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

/// What can run as a process: whoever says what `run` does can be started.
pub trait Process {
    /// What the process does.
    fn run(&mut self);

    /// Forks a process that calls `run` and then exits with status 0; the caller goes on at once.
    // A method with a body: written once, here, for every type that says what `run` is.
    fn start(mut self) -> io::Result<Started>
    where
        Self: Sized,
    {
        // SAFETY: the process has one thread, so the child may do whatever the parent may.
        match unsafe { fork() }? {
            ForkResult::Child => {
                self.run();
                // SAFETY: `_exit` ends the process at once and touches nothing.
                unsafe { libc::_exit(0) }
            }
            ForkResult::Parent { child } => Ok(Started { pid: child }),
        }
    }
}

/// A process that was started.
pub struct Started {
    pid: Pid,
}

impl Started {
    /// Its number.
    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Waits until it has ended, asleep, and reaps it; its status, or `-n` if signal `n` ended it.
    pub fn join(self) -> io::Result<i32> {
        loop {
            match waitpid(self.pid, Some(WaitPidFlag::WNOHANG))? {
                WaitStatus::Exited(_, status) => return Ok(status),
                WaitStatus::Signaled(_, signal, _) => return Ok(-(signal as i32)),
                _ => thread::sleep(Duration::from_millis(1)),
            }
        }
    }
}

/// A clock that ticks in a process of its own.
pub struct Clock {
    ticks: u32,
    interval: Duration,
}

impl Clock {
    /// A clock that ticks `ticks` times, at `interval`, and then stops.
    pub fn new(ticks: u32, interval: Duration) -> Clock {
        Clock { ticks, interval }
    }
}

impl Process for Clock {
    /// Prints one line for each tick.
    fn run(&mut self) {
        // `Instant` never goes back; the time of day does, when somebody sets it.
        let start = Instant::now();
        for tick in 1..=self.ticks {
            // From the start and not from the last tick, so that small delays do not add up.
            let due = self.interval * tick;
            thread::sleep(due.saturating_sub(start.elapsed()));
            println!("clock: pid={} tick={tick} time={}", id(), start.elapsed().as_nanos());
        }
    }
}
