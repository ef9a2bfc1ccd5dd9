//! A counting semaphore that works between processes.
//!
//! This is the only file that you edit. `cargo test -p semaphore` judges it.

use std::io;

/// A number of permits, shared with every process that is forked after it was made.
///
/// A forked process that drops it takes it from no other, and gives no permit back; the one that
/// made it is the last to drop it. No process is killed while it waits or holds a permit.
pub struct Semaphore {
    // What can several processes share, and wait for asleep?
}

impl Semaphore {
    /// A semaphore with `permits` permits, perhaps 0, none of them taken. More than 256 are never
    /// free. Each semaphore is independent of the others, whichever process makes it.
    ///
    /// Leaves nothing behind in the system when the last process that uses it has ended.
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let _ = permits;
        todo!("make something that forked processes share")
    }

    /// Takes one permit; sleeps until there is one, however long that takes. No clock wakes it up.
    ///
    /// Signals are handled as soon as they come, and end neither the wait nor the sleep.
    pub fn acquire(&self) -> io::Result<()> {
        todo!("take a permit, or sleep")
    }

    /// Gives one permit back: one process that waits for it goes on.
    ///
    /// The caller need not have taken one, so there may be more permits than there were at first.
    pub fn release(&self) -> io::Result<()> {
        todo!("give the permit back")
    }

    /// How many permits are free at the moment; takes none, not even for a moment, and never waits
    /// for one.
    pub fn value(&self) -> io::Result<usize> {
        todo!("count the free permits")
    }
}

/// Does `job` while holding a permit of `semaphore`. May be called while a panic unwinds.
///
/// The permit goes back whichever way the job ends: with `Ok`, with `Err`, or in a panic. What the
/// job ends with is what this ends with: its value, its very error or panic, no copy.
pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let _ = (semaphore, job);
    todo!("acquire, do the job, release")
}
