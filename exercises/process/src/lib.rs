//! A process as an object: what it runs, what it is called, and how it ended.
//!
//! This is the only file that you edit. `cargo test -p process` judges it.

use std::io;
use std::time::Duration;

/// A target that runs in a process of its own once it is started.
pub struct Process {
    // What has to be kept before the start, while it runs, and after its end?
}

impl Process {
    /// A process that will call `target` with `arguments` and exit with the status that it returns,
    /// 0 to 255. Nothing is forked yet.
    ///
    /// Its name is `Process-1` for the first one made in this program, `Process-2` for the second,
    /// and so on; those that are renamed count too. `target` does not panic.
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        let _ = (target, arguments);
        todo!("keep the target together with its arguments, and find a name")
    }

    /// The same process under another name.
    pub fn named(self, name: &str) -> Process {
        let _ = name;
        todo!("replace the name")
    }

    /// Its name.
    pub fn name(&self) -> &str {
        todo!("the name")
    }

    /// Forks the process, which does its work while the caller goes on. The child never returns
    /// from here: it calls the target, and ends by `_exit` with the status that the target returns.
    ///
    /// Errors if it has been started before: a process runs once. Errors, too, if the fork fails,
    /// or anything else that you need; then there is no child, it has not been started, has neither
    /// pid nor exit code, and may be started later.
    pub fn start(&mut self) -> io::Result<()> {
        todo!("fork; the child calls the target, the parent remembers the pid")
    }

    /// Its number; none before the start, and the same for ever after.
    pub fn pid(&self) -> Option<i32> {
        todo!("what fork returned")
    }

    /// Whether it has been started and has not ended; never waits. One that is stopped has not
    /// ended.
    pub fn is_alive(&mut self) -> io::Result<bool> {
        todo!("ask, without waiting, whether it has ended")
    }

    /// Waits, asleep, until it has ended, and reaps it. Returns at once if that has happened
    /// already, however often it is called.
    ///
    /// Errors if it has not been started.
    pub fn join(&mut self) -> io::Result<()> {
        todo!("wait for it, once")
    }

    /// Waits, asleep, until it has ended, but no longer than `timeout`; whether it has ended.
    /// Nothing else, be it a stop or the end of another child, brings it back earlier or makes the
    /// timeout longer, and no alarm that it sets rings afterwards.
    ///
    /// A process that has ended is reaped, even if there is no time to wait; one that has not runs
    /// on. A timeout may be of any length, from zero to `Duration::MAX`.
    ///
    /// Errors if it has not been started.
    pub fn join_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        let _ = timeout;
        todo!("wait for its end or for the clock, whichever comes first")
    }

    /// Its exit code, once an end has been seen by one of the calls above: its status if it exited,
    /// `-n` if signal `n` ended it. None before.
    pub fn exit_code(&self) -> Option<i32> {
        todo!("what the wait has told")
    }
}
