//! A process that starts others for its jobs.
#![expect(unsafe_code, reason = "fork")]

use std::fs;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{ForkResult, Pid, geteuid};

use crate::{Controller, bounds, filter, landlock_version, tree};

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

/// Takes back what its parent withheld from it and may be had, finds out what all jobs of this process have in common, so that its children know it,
/// and leaves the network of the host if that is allowed: what is confined later then
/// needs no network namespace of its own, which takes long to make and to take down.
///
/// Nothing of a network outlives the processes that use it, so a job finds it as empty as
/// the one before.
pub fn settle_down() {
    bounds::unbind();
    let _ = (Controller::Memory.parent(), Controller::Tasks.parent(), landlock_version());
    tree::look_around();
    LazyLock::force(&filter::PROGRAM);
    if geteuid().is_root() && unshare(CloneFlags::CLONE_NEWNET).is_ok() {
        ALONE.store(true, Ordering::Relaxed);
    }
}

static ALONE: AtomicBool = AtomicBool::new(false);

/// Whether this process has a network of its own in which there is nothing.
pub(crate) fn has_left_the_network() -> bool {
    ALONE.load(Ordering::Relaxed)
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
