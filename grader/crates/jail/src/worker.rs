//! Splitting off a process that goes on in Rust.
#![expect(unsafe_code, reason = "fork")]

use std::fs;

use nix::errno::Errno;
use nix::unistd::{ForkResult, Pid};

/// Which of the two processes this is after a [`fork`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forked {
    /// The new one: a copy of its parent, whose state it shares no further.
    Child,
    /// The old one, and the child's number.
    Parent(Pid),
}

/// Forks the calling process; `EBUSY` if it has more than one thread.
///
/// With a single thread the child may go on as any program does: nobody else held a
/// lock, or was about to.
pub fn fork() -> Result<Forked, Errno> {
    if threads() != Some(1) {
        return Err(Errno::EBUSY);
    }
    // SAFETY: there is no other thread, as was seen above, and only we could start one.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => Ok(Forked::Child),
        ForkResult::Parent { child } => Ok(Forked::Parent(child)),
    }
}

fn threads() -> Option<usize> {
    Some(fs::read_dir("/proc/self/task").ok()?.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_threads_is_not_forked() {
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let other = std::thread::spawn(move || held.recv().is_err());
        assert_eq!(fork(), Err(Errno::EBUSY));
        drop(hold);
        other.join().unwrap();
    }
}
