//! What could wake a task although no task of the run acts: timers, signals from
//! outside, and work that the kernel does on behalf of a program.

use std::fs;

use crate::family::TaskRef;
use crate::{Surroundings, proc};

/// Why something else than the tasks themselves might wake one of them, if so.
///
/// Alarms are not among it: only an [examination](crate::exam) shows them.
pub(crate) fn from_outside(roll: &[TaskRef], surroundings: Surroundings) -> Option<String> {
    let expects_signals = |pid| match surroundings {
        Surroundings::Shared => handler(pid),
        Surroundings::Private => None,
    };
    let firsts = roll.iter().filter(|task| task.pid == task.tid);
    firsts.map(|task| task.pid).find_map(|pid| {
        let reason = timer(pid).or_else(|| expects_signals(pid)).or_else(|| notifications(pid))?;
        Some(format!("process {pid} ({}) {reason}", proc::name(pid)))
    })
}

/// Timers of `timer_create`.
fn timer(pid: i32) -> Option<String> {
    match proc::read(&format!("/proc/{pid}/timers")) {
        Some(list) if list.is_empty() => None,
        Some(_) => Some("has a timer".to_owned()),
        None => Some("may have a timer: this kernel does not list them".to_owned()),
    }
}

/// Signals that come from faults, children and timers of the run itself, or that
/// the C library keeps for itself. For any other, a handler says that the program
/// expects somebody to send it.
const OWN: [i32; 17] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGABRT,
    libc::SIGSYS,
    libc::SIGCHLD,
    libc::SIGPIPE,
    libc::SIGALRM,
    libc::SIGVTALRM,
    libc::SIGPROF,
    libc::SIGURG,
    libc::SIGXCPU,
    libc::SIGXFSZ,
    32,
    33,
];

fn handler(pid: i32) -> Option<String> {
    let caught = proc::line(&format!("/proc/{pid}/status"), "SigCgt:")?;
    let caught = u64::from_str_radix(&caught, 16).ok()?;
    let foreign = (1..=64).find(|signal| caught >> (signal - 1) & 1 == 1 && !OWN.contains(signal));
    let name = |signal: i32| match nix::sys::signal::Signal::try_from(signal) {
        Ok(signal) => signal.as_str().to_owned(),
        Err(_) => format!("signal {signal}"),
    };
    foreign.map(|signal| format!("has a handler for {}, which anyone may send", name(signal)))
}

/// Files by which the kernel acts on its own.
fn notifications(pid: i32) -> Option<String> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().into_string().ok());
    for number in numbers {
        let link = fs::read_link(format!("/proc/{pid}/fd/{number}")).unwrap_or_default();
        if link.as_os_str() == "anon_inode:[io_uring]" {
            return Some("uses io_uring".to_owned());
        }
        let flags = proc::line(&format!("/proc/{pid}/fdinfo/{number}"), "flags:");
        let flags = flags.and_then(|flags| i32::from_str_radix(&flags, 8).ok()).unwrap_or(0);
        if flags & libc::O_ASYNC != 0 {
            return Some(format!("gets a signal when {} is ready", link.display()));
        }
    }
    let maps = proc::read(&format!("/proc/{pid}/maps"))?;
    maps.contains("/[aio]").then(|| "uses asynchronous input and output".to_owned())
}
