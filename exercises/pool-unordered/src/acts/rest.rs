//! A rest after each fork.

use std::fs;
use std::io;
use std::process;

use stage::{event, until_asleep};

/// From now on this process goes on after a fork when whoever it has forked sleeps, or has ended.
pub fn rest_after_forks() -> io::Result<()> {
    extern "C" fn rest() {
        children_of(process::id()).into_iter().for_each(until_asleep);
        event("main", "forked");
    }
    // SAFETY: it is called in the process that has forked, which may do anything.
    match unsafe { libc::pthread_atfork(None, Some(rest), None) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// What a process has forked; nothing if the system does not tell.
fn children_of(process: u32) -> Vec<i32> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    children.unwrap_or_default().split(' ').filter_map(|pid| pid.parse().ok()).collect()
}
