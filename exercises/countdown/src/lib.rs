//! A countdown in a thread of its own, and one that nobody waits for.
//!
//! This is the only file that you edit. `cargo test -p countdown` judges it.

/// A thread that counts down, whether anybody asks for it or not.
///
/// It can be moved to another thread (it is `Send`): one thread may start it, another join it.
///
/// Dropping it, also in a panic, or [`detach`](Countdown::detach), leaves the thread to itself: it
/// goes on for as long as the process lives, and the process does not wait for it.
pub struct Countdown {
    // What do you need to ask for the thread, and to wait for it?
}

impl Countdown {
    /// Starts one thread at once, which calls `tick(from)`, `tick(from - 1)`, ..., `tick(1)`. Waits
    /// for no `tick`; it may wait until the thread runs.
    ///
    /// If `from` is 0 there is nothing to call, and no thread is needed. If a `tick` panics, that
    /// ends the thread.
    pub fn start(from: u32, tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let _ = (from, tick);
        todo!("start the thread, keep its handle")
    }

    /// Whether the thread has not ended yet. Never waits, but for a lock that nobody holds longer
    /// than a moment. What has ended is never alive again.
    ///
    /// Between the end of the last `tick` and that of the thread either answer is right.
    pub fn is_alive(&self) -> bool {
        todo!("ask the handle")
    }

    /// Sleeps until the thread has ended and `tick`, with all that it owns, is gone; returns at
    /// once if it was joined before.
    ///
    /// If a `tick` panicked the thread has ended and `tick` is gone, too; whether `join` then panics
    /// is up to you.
    pub fn join(&mut self) {
        todo!("wait for the thread")
    }

    /// Leaves the thread to itself; does not wait for it.
    pub fn detach(self) {
        todo!("what happens to a thread whose handle is dropped?")
    }
}
