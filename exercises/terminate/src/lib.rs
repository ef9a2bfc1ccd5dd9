//! Children that are told to end, and children that must not outlive their parent.
//!
//! This is the only file that you edit. `cargo test -p terminate` judges it.

use std::io;

/// What becomes of a child when its parent is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Its work counts: the parent waits for it.
    Ordinary,
    /// It serves the parent and is of no use without it: it is terminated.
    Daemon,
}

/// A child process, which never outlives this handle.
pub struct Child {
    // What do you have to know of it, and what once it has ended?
}

impl Child {
    /// Forks a child that calls `target` and exits with status 0 when that returns.
    ///
    /// The child never returns from here. `target` does not panic, but may end the child by `exit`,
    /// and may start children of its own: neither may harm another child of the caller's.
    ///
    /// A daemon also ends when its parent ends without being able to do anything about it, as by
    /// SIGKILL, whoever else goes on, such as the parent's other children: see `PR_SET_PDEATHSIG`
    /// in `man 2 prctl`. What an ordinary child does then is left open.
    ///
    /// Errors if the fork fails; a later start may succeed.
    pub fn start(kind: Kind, target: impl FnOnce()) -> io::Result<Child> {
        let _ = (kind, target);
        todo!("fork; the child does its work and ends, the parent keeps the pid")
    }

    /// Its number, also after its end.
    pub fn pid(&self) -> i32 {
        todo!("what fork returned")
    }

    /// Whether it has not ended yet; never waits. One that is stopped has not ended.
    ///
    /// Once the answer is no, `exit_code` tells how it ended. Whether it has been reaped by then is
    /// left open.
    pub fn is_alive(&mut self) -> io::Result<bool> {
        todo!("ask without waiting")
    }

    /// Sends it SIGTERM and waits until it has ended, however long that takes; then it is reaped
    /// and no longer alive. The child may not have done anything yet when the signal is sent, and is
    /// not stopped.
    ///
    /// Other signals that the caller gets meanwhile (`EINTR`) do not end the wait, here and below.
    ///
    /// Does nothing if it has ended already: its exit code stays what it was.
    pub fn terminate(&mut self) -> io::Result<()> {
        todo!("tell it to end, and wait until it has")
    }

    /// Waits until it has ended by itself (a stop is no end), of whichever kind it is, and reaps it.
    /// Does nothing if that has happened.
    pub fn join(&mut self) -> io::Result<()> {
        todo!("wait for it, once")
    }

    /// Its status if it exited, `-n` if signal `n` ended it (no real-time signal), with a core dump
    /// or without; none until one of the calls above has seen its end, `is_alive` included.
    pub fn exit_code(&self) -> Option<i32> {
        todo!("what the wait has told")
    }
}

impl Drop for Child {
    /// The parent is done with it, in whatever way: a daemon is terminated, an ordinary child is
    /// waited for, however long that takes. Either is reaped. Whoever has been reaped gets no
    /// signal.
    fn drop(&mut self) {
        todo!("see to it that nobody is left")
    }
}
