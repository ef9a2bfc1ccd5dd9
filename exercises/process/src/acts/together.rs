//! Several processes at the same time.

use std::io;
use std::os::unix::process::parent_id;
use std::rc::Rc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};
use stage::{Gate, event};

use super::asleep::sleeps;
use super::child::{child_of, stop, until_over};
use crate::{Order, at_a_gate, look, show};

/// Timeouts that are never over: 2^32 milliseconds are 50 days.
const LONG: [Duration; 3] =
    [Duration::MAX, Duration::from_secs(3600), Duration::from_millis(1 << 32)];

/// Processes that are made before any is started, and run at the same time; the last ends first.
///
/// If they `linger` each ends as soon as its parent sleeps in a join with a timeout, the last one
/// not before another child has done so; only the first has ended before any is joined.
pub fn together(ends: &[i32], linger: bool, stopped: bool) -> io::Result<()> {
    let begun = Rc::new(Gate::new()?);
    let other = if linger { Some(lingering_child(&begun)?) } else { None };
    let mut all = Vec::new();
    for (number, &end) in (1..).zip(ends) {
        let words = vec!["together".to_owned()];
        let after = other.filter(|_| number == ends.len());
        let linger = linger && number > 1;
        let (process, gate) = at_a_gate(Order { number, end, words, linger, after })?;
        all.push((format!("main-{number}"), process, gate));
    }
    for (_, process, _) in &mut all {
        process.start()?;
    }
    // Whoever was made last is asked first for its name.
    for (who, process, _) in all.iter_mut().rev() {
        look(who, "running", process)?;
    }
    begun.open()?;
    if linger && let Some((_, first, gate)) = all.first() {
        gate.open()?;
        until_over(first)?;
    }
    let stopped = all.last().filter(|_| stopped).and_then(|(_, process, _)| child_of(process));
    let helper = stopped.map(lets_go_on).transpose()?;
    for (index, (who, process, gate)) in all.iter_mut().enumerate().rev() {
        if index > 0 || !linger {
            gate.open()?;
        }
        if linger {
            let ended = process.join_timeout(LONG[index % LONG.len()])?;
            let code = show(process.exit_code());
            event(&*who, format_args!("timeout ended={ended} code={code}"));
            if an_alarm_is_set() {
                event(&*who, "alarm still set");
            }
        } else {
            process.join()?;
        }
        look(who, "after", process)?;
        if linger {
            // Whoever came back too early leaves nobody behind.
            let _ = process.join();
        }
    }
    for other in other.into_iter().chain(helper) {
        let _ = waitpid(other, None);
    }
    Ok(())
}

/// A child that ends when it has passed the gate and its parent sleeps.
fn lingering_child(gate: &Gate) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let _ = gate.pass();
            sleeps(parent_id());
            // SAFETY: ends this process and does nothing else.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => Ok(child),
    }
}

/// Stops a child, and starts another that lets it go on when the parent of both sleeps.
fn lets_go_on(stopped: Pid) -> io::Result<Pid> {
    stop(stopped)?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            if !sleeps(parent_id()) {
                event("main", "the parent never slept");
            }
            let _ = kill(stopped, Signal::SIGCONT);
            // SAFETY: ends this process and does nothing else.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => Ok(child),
    }
}

/// Whether a SIGALRM is to come, which would break off what this process does next.
fn an_alarm_is_set() -> bool {
    let none = libc::timeval { tv_sec: 0, tv_usec: 0 };
    let mut alarm = libc::itimerval { it_interval: none, it_value: none };
    // SAFETY: a system call on a struct that lives long enough.
    unsafe { libc::getitimer(libc::ITIMER_REAL, &mut alarm) };
    (alarm.it_value.tv_sec, alarm.it_value.tv_usec) != (0, 0)
}
