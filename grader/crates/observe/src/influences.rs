//! What could wake a task although no task of the run acts: timers, signals from
//! outside, and work that the kernel does on behalf of a program.

use crate::doubt::Doubtful;
use crate::proc;
use crate::waits::Scene;

/// Why something else than the tasks themselves might wake one of them, if so.
///
/// Alarms are not among it: only an [examination](crate::exam) shows them.
pub(crate) fn from_outside(scene: &mut Scene<'_>) -> Option<Doubtful> {
    let expects_signals = scene.has_neighbours();
    scene.members().into_iter().find_map(|pid| {
        let doubtful = timer(pid)
            .or_else(|| if expects_signals { handler(pid) } else { None })
            .or_else(|| notifications(scene, pid))?;
        Some(doubtful.of(&format!("process {pid} ({}) ", proc::name(pid))))
    })
}

/// Timers of `timer_create`.
fn timer(pid: i32) -> Option<Doubtful> {
    match proc::read(&format!("/proc/{pid}/timers")) {
        Some(list) if list.is_empty() => None,
        Some(_) => Some(Doubtful::clock("has a timer")),
        None => Some("may have a timer: this kernel does not list them".into()),
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

fn handler(pid: i32) -> Option<Doubtful> {
    let caught = proc::line(&format!("/proc/{pid}/status"), "SigCgt:")?;
    let caught = u64::from_str_radix(&caught, 16).ok()?;
    let foreign = (1..=64).find(|signal| caught >> (signal - 1) & 1 == 1 && !OWN.contains(signal));
    let name = |signal: i32| match nix::sys::signal::Signal::try_from(signal) {
        Ok(signal) => signal.as_str().to_owned(),
        Err(_) => format!("signal {signal}"),
    };
    foreign.map(|signal| {
        let words = format!("has a handler for {}, which anyone may send", name(signal));
        Doubtful::outsider(words)
    })
}

/// Files by which the kernel acts on its own.
fn notifications(scene: &mut Scene<'_>, pid: i32) -> Option<Doubtful> {
    for (name, opened) in scene.descriptors().held_by(pid) {
        if name == "anon_inode:[io_uring]" {
            return Some("uses io_uring".into());
        }
        if opened.mode().signals() {
            return Some(Doubtful::unseen(format!("gets a signal when {name} is ready")));
        }
    }
    let maps = proc::read(&format!("/proc/{pid}/maps"))?;
    maps.contains("/[aio]").then(|| "uses asynchronous input and output".into())
}
