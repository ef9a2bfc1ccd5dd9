//! Starts that fail.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::thread;
use std::time::Duration;

use nix::sys::wait::{wait, waitpid};
use process::Process;
use stage::{event, with_limit};

use super::child::ended_child;
use crate::look;

/// Starts that fail, since this process may open no or few further descriptors, or its user may have
/// no further process or thread; and once more when there is room again.
pub fn refused() -> io::Result<()> {
    // Standard input again, by the lowest number that is free.
    let next = io::stdin().as_fd().try_clone_to_owned()?.as_raw_fd() as u64;
    for some in 0..3 {
        refused_and_retried(&format!("main-{}", some + 1), libc::RLIMIT_NOFILE, next + some)?;
    }
    // The limit does not bind root, so root tries to become somebody else.
    const NOBODY: libc::uid_t = 65534;
    // SAFETY: system calls on plain numbers.
    unsafe {
        if libc::getuid() == 0 {
            libc::setuid(NOBODY);
        }
    }
    // Not every system lets itself be limited by everybody, nor lets go of a limit.
    let spawn = || thread::Builder::new().spawn(|| {}).map(drop);
    let limited = with_limit(libc::RLIMIT_NPROC, 0, spawn).is_err();
    if limited && let Ok(other) = ended_child(0) {
        waitpid(other, None)?;
        refused_and_retried("main-4", libc::RLIMIT_NPROC, 0)?;
    }
    Ok(())
}

fn refused_and_retried(who: &str, resource: libc::__rlimit_resource_t, few: u64) -> io::Result<()> {
    let mut process = Process::new(|()| 0, ());
    let started = with_limit(resource, few, || process.start().is_ok());
    if !started {
        if let Ok(lost) = wait() {
            event(who, format_args!("has a child, although its start failed: {lost:?}"));
            return Ok(());
        }
        look(who, "refused", &mut process)?;
        if process.join().is_ok() || process.join_timeout(Duration::ZERO).is_ok() {
            event(who, "joined, although its start failed");
        }
        if let Err(error) = process.start() {
            event(who, format_args!("retried is an error: {error}"));
            return Ok(());
        }
    } else if resource == libc::RLIMIT_NPROC {
        event(who, "started, although no process could be forked");
        return look(who, "refused", &mut process);
    }
    process.join()?;
    look(who, "retried", &mut process)?;
    // Whether a join reaps is asked elsewhere.
    while wait().is_ok() {}
    Ok(())
}
