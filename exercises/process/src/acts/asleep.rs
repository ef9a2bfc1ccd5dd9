//! Whether a process is still at it, as the system sees it.

use std::fs;
use std::thread;
use std::time::Duration;

use nix::unistd::Pid;

/// Returns once a process has ended, or cannot be seen.
pub fn until_ended(process: Pid) {
    let runs = || {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The state stands behind the name, which may hold anything.
        Some(!stat.rsplit(") ").next()?.starts_with('Z'))
    };
    while runs() == Some(true) {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Whether the process `pid` waits asleep: it gives the processor up by itself, or uses none for a
/// while. Not if it uses 25 ms of it first. Its state alone tells nothing: to the kernel also
/// someone who asks `waitpid` without waiting is about to sleep.
pub fn sleeps(pid: u32) -> bool {
    const LONG: u64 = 25_000_000;
    let Some((start, given_up)) = use_of_the_processor(pid) else { return true };
    let (mut last, mut quiet) = (start, 0);
    while quiet < 40 {
        thread::sleep(Duration::from_millis(1));
        let Some((time, times)) = use_of_the_processor(pid) else { return true };
        if times > given_up {
            return true;
        }
        if time.saturating_sub(start) >= LONG {
            return false;
        }
        quiet = if time == last { quiet + 1 } else { 0 };
        last = time;
    }
    true
}

/// Nanoseconds of processor time, and how often a process has given the processor up by itself;
/// none where that cannot be seen.
fn use_of_the_processor(pid: u32) -> Option<(u64, u64)> {
    let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).ok();
    let time = read("schedstat")?.split(' ').next()?.parse().ok()?;
    let status = read("status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
    Some((time, line.trim().parse().ok()?))
}
