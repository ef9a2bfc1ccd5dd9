//! Cleaning up after a run that had no namespaces: by its user.
#![expect(unsafe_code, reason = "fork, and becoming another user in the child alone")]

use std::fs;
use std::time::Duration;

use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::signal::{SigHandler, Signal, kill, signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use thiserror::Error;

use crate::child::fork_into;
use crate::{Objects, Slot, Step};

/// Why a slot could not be cleaned.
#[derive(Debug, Error)]
pub enum SweepError {
    /// The host has no process to give.
    #[error("cannot fork to end the processes of user {user}: {source}")]
    Fork {
        /// The user of the slot.
        user: u32,
        /// What the kernel said.
        source: Errno,
    },
    /// Becoming the user, or signalling as such, does not work.
    #[error("cannot end the processes of user {user}: {status}; end them by hand")]
    Failed {
        /// The user of the slot.
        user: u32,
        /// How the attempt ended.
        status: String,
    },
    /// They came back each time.
    #[error("the processes of user {user} do not end; the slot is not to be used again")]
    Survived {
        /// The user of the slot.
        user: u32,
    },
}

const SIGNALLED: i32 = 0;
const NOT_ALONE: i32 = 1;

/// Lets the calling process wait for its children, also if it was started by one that ignores
/// SIGCHLD, of whose children nothing is left to be waited for.
///
/// To be called before there are other threads.
pub fn heed_children() {
    // It fails for no signal that has a name. SAFETY: it installs no handler.
    let _ = unsafe { signal(Signal::SIGCHLD, SigHandler::SigDfl) };
}

/// Makes the calling process the one to which orphans below it fall.
///
/// To be called before a program is started that gets no init.
pub fn adopt_orphans() -> Result<(), Errno> {
    nix::sys::prctl::set_child_subreaper(true)
}

/// Ends every process of the user of `slot`, whatever it ignores or has forked, and
/// reaps all children of the caller.
///
/// A signal to all reaches them all at once, so that none can fork away. It is sent
/// by a child that has become that user, has no capabilities, and has made sure of
/// both; it can reach nobody else.
pub fn end_user(slot: Slot) -> Result<(), SweepError> {
    const ATTEMPTS: usize = 100;
    let user = slot.user();
    for _ in 0..ATTEMPTS {
        // SAFETY: the child makes system calls only.
        let child = match unsafe { fork_into(CloneFlags::empty()) } {
            // SAFETY: as above.
            Ok(0) => unsafe { libc::_exit(signal_all_of(user)) },
            Ok(pid) => Pid::from_raw(pid),
            Err(source) => return Err(SweepError::Fork { user, source }),
        };
        match waitpid(child, None) {
            Ok(WaitStatus::Exited(_, SIGNALLED)) => reap_children(None),
            status => return Err(SweepError::Failed { user, status: format!("{status:?}") }),
        }
        if !has_processes(user) {
            return Ok(());
        }
        // What is left is somebody else's child, whose end nobody tells us.
        std::thread::sleep(Duration::from_millis(1));
    }
    Err(SweepError::Survived { user })
}

/// Reaps the children of the caller that have ended, or with no flags all of them.
pub fn reap_children(flags: Option<WaitPidFlag>) {
    while let Ok(status) = waitpid(None, flags) {
        if status == WaitStatus::StillAlive {
            return;
        }
    }
}

/// Ends every child of the caller, and whatever falls to it as they end, and reaps them.
///
/// What forks faster than that for long is left to the bound on its processes.
pub fn end_children() {
    const ATTEMPTS: usize = 1000;
    for _ in 0..ATTEMPTS {
        reap_children(Some(WaitPidFlag::WNOHANG));
        let children = fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
        let mut children =
            children.split_whitespace().filter_map(|pid| pid.parse().ok()).peekable();
        if children.peek().is_none() {
            return;
        }
        for child in children {
            let _ = kill(Pid::from_raw(child), Signal::SIGKILL);
        }
        // One of them at least is about to end.
        let _ = waitpid(None, None);
    }
}

/// Whether a process of `user` is alive. The kernel's answer to the signal does not tell.
fn has_processes(user: u32) -> bool {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let statuses = entries.filter_map(|entry| fs::read_to_string(entry.path().join("status")).ok());
    statuses.into_iter().any(|status| is_alive_as(user, &status))
}

fn is_alive_as(user: u32, status: &str) -> bool {
    let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
    let is_user = |ids: &str| ids.split_whitespace().any(|id| id.parse() == Ok(user));
    let is_dead = |state: &str| state.trim_start().starts_with(['Z', 'X']);
    line("Uid:").is_some_and(is_user) && !line("State:").is_some_and(is_dead)
}

/// In a child of its own: signals every process that `user` may signal.
unsafe fn signal_all_of(user: u32) -> i32 {
    let become_user = [Step::NoNewPrivileges, Step::User(user), Step::NoCapabilities];
    if become_user.iter().any(|step| step.perform().is_err()) {
        return NOT_ALONE;
    }
    let (mut real, mut effective, mut saved) = (0, 0, 0);
    // SAFETY: system calls on local numbers.
    unsafe {
        let known = libc::getresuid(&raw mut real, &raw mut effective, &raw mut saved) == 0;
        let ours = [real, effective, saved].iter().all(|id| *id == user);
        // No slot has the number of root, a service or a person.
        if !known || !ours || user < 10_000 {
            return NOT_ALONE;
        }
        // That there is nobody to signal is no failure.
        libc::kill(-1, libc::SIGKILL);
        SIGNALLED
    }
}

/// Removes the System V objects of the user of `slot`, and says how many there were.
pub fn remove_objects(slot: Slot) -> Objects {
    let remove = |kind: &str, remove: unsafe fn(i32)| {
        let ids = owned_by(slot.user(), &format!("/proc/sysvipc/{kind}"));
        // SAFETY: whoever had them attached has ended.
        ids.iter().for_each(|id| unsafe { remove(*id) });
        u32::try_from(ids.len()).unwrap_or(u32::MAX)
    };
    Objects {
        segments: remove("shm", remove_segment),
        semaphores: remove("sem", remove_semaphores),
        queues: remove("msg", remove_queue),
    }
}

unsafe fn remove_segment(id: i32) {
    // SAFETY: removal takes no structure.
    unsafe { libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()) };
}

unsafe fn remove_semaphores(id: i32) {
    // SAFETY: removal takes no structure.
    unsafe { libc::semctl(id, 0, libc::IPC_RMID) };
}

unsafe fn remove_queue(id: i32) {
    // SAFETY: removal takes no structure.
    unsafe { libc::msgctl(id, libc::IPC_RMID, std::ptr::null_mut()) };
}

/// The ids in a table of /proc/sysvipc of what belongs to `user`.
fn owned_by(user: u32, table: &str) -> Vec<i32> {
    let text = fs::read_to_string(table).unwrap_or_default();
    let mut lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let Some(names) = lines.next() else { return Vec::new() };
    let column = |suffix: &str| names.iter().position(|name| *name == suffix);
    let Some(owner) = column("uid") else { return Vec::new() };
    let mine = lines.filter(|row| row.get(owner).and_then(|id| id.parse().ok()) == Some(user));
    // The id is the second column of each of the tables.
    mine.filter_map(|row| row.get(1)?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dead_and_the_others_are_not_alive_as_a_user() {
        let status = |state: &str, ids: &str| format!("Name:\tx\nState:\t{state}\nUid:\t{ids}\n");
        assert!(is_alive_as(7, &status("S (sleeping)", "0\t7\t0\t0")));
        assert!(!is_alive_as(7, &status("Z (zombie)", "7\t7\t7\t7")));
        assert!(!is_alive_as(7, &status("R (running)", "77\t0\t0\t0")));
    }
}
