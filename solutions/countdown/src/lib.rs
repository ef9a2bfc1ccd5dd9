//! A countdown in a thread of its own, and one that nobody waits for.

use std::panic::resume_unwind;
use std::thread::{self, JoinHandle};

/// A thread that counts down.
pub struct Countdown {
    /// None once it was joined: a thread can be joined once only.
    thread: Option<JoinHandle<()>>,
}

impl Countdown {
    /// Starts one thread, which calls `tick(from)`, `tick(from - 1)`, ..., `tick(1)`.
    pub fn start(from: u32, tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let count = move || (1..=from).rev().for_each(tick);
        Countdown { thread: Some(thread::spawn(count)) }
    }

    /// Whether the thread has not ended yet.
    pub fn is_alive(&self) -> bool {
        // The answer `true` may be out of date before the caller reads it; `false` stays true.
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Returns when the thread has ended; at once if it was joined before.
    pub fn join(&mut self) {
        if let Some(thread) = self.thread.take()
            && let Err(panic) = thread.join()
        {
            resume_unwind(panic);
        }
    }

    /// Leaves the thread to itself.
    pub fn detach(self) {
        // Dropping the handle is all: a thread does not end with its handle. It ends with
        // the process, which ends when `main` returns, whoever else is still at work.
        drop(self.thread);
    }
}
