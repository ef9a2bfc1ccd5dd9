//! Starts children, lets them end one after the other, and asks how each ended.
//!
//!     cargo run -p wait -- --ends 3,-9,0 --first 2
//!
//! `--ends` says how each child ends: with that status, or by the signal if it is negative.
//! `--first 2` lets child 2 end, and asks for it, while all others still run.
//! With `--never 1` as well, no child is let go at all. What else may happen stands in `acts`, for
//! the checks.

mod acts;

use std::sync::atomic::Ordering;
use std::{io, process};

use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use stage::{Arguments, Gate, event};
use wait::{exit_code, start};

/// A child that stands at a gate until it is let go.
struct Child {
    number: usize,
    pid: Pid,
    gate: Gate,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&[
        "ends", "first", "never", "stop", "other", "core", "leaves", "row", "refuse",
    ]);
    acts::CORE.store(arguments.get("core", 0) != 0, Ordering::Relaxed);
    let ends = arguments.list("ends", vec![3, -9, 0]);
    let first = arguments.get("first", 0);
    let never = arguments.get("never", 0) != 0;
    if arguments.get("stop", 0) != 0 {
        return acts::stopped(ends[0]);
    }
    say_when_a_process_exits();
    let other = arguments.get("other", 0);
    let other = if other > 0 { Some(acts::ended_child(other)?) } else { None };

    let mut children = Vec::new();
    for (number, end) in (1..).zip(ends) {
        let gate = Gate::new()?;
        let leaves = number == arguments.get("leaves", 0);
        let pid = start(|| come_to(end, &gate, leaves))?;
        event(format_args!("child-{number}"), format_args!("started pid={pid}"));
        children.push(Child { number, pid, gate });
    }
    // Whoever was started last is asked for first: among children that have all ended, the kernel
    // finds the oldest first.
    children.reverse();
    if first == 0 {
        children.iter().try_for_each(Child::let_go)?;
        for (asked, child) in (1..).zip(&children) {
            child.ask("child");
            children[asked..].iter().for_each(Child::look_for_it);
        }
        // Nobody is left to be asked for.
        children.iter().for_each(|child| child.ask("again"));
        // With them their gates, and so descriptors.
        drop(children);
        acts::in_a_row(arguments.get("row", 0))?;
        if arguments.get("refuse", 0) != 0 {
            acts::refused();
        }
        return Ok(());
    }
    let (asked_first, others): (Vec<_>, Vec<_>) =
        children.iter().partition(|child| child.number == first);
    for child in asked_first.iter().chain(&others) {
        if !never {
            child.let_go()?;
        }
        child.ask("child");
    }
    if let Some(other) = other {
        let left = if is_there(other) { "is still there" } else { "was waited for by somebody" };
        event("other", left);
        ask("others-child", other);
    }
    Ok(())
}

/// What a child does: waits at the gate, then ends as it is told to; if it `leaves`, by itself.
fn come_to(end: i32, gate: &Gate, leaves: bool) -> i32 {
    gate.pass().expect("the pipe of the gate is open");
    if end < 0 {
        // SAFETY: a process may send itself any signal. Some are ignored until somebody says so.
        unsafe {
            libc::signal(-end, libc::SIG_DFL);
            libc::kill(libc::getpid(), -end);
        }
    }
    if leaves {
        // SAFETY: ends this process and does nothing else.
        unsafe { libc::_exit(end) };
    }
    end
}

/// Whether a child has ended, and nobody has waited for it.
fn is_there(child: Pid) -> bool {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG;
    waitid(Id::Pid(child), flags).is_ok()
}

/// Asks for a child, and says what came of it.
fn ask(who: &str, child: Pid) {
    match exit_code(child) {
        Ok(code) => event(who, format_args!("code={code}")),
        Err(error) => {
            // Whoever asks another call than a wait first is told ESRCH.
            let number = error.raw_os_error();
            let none = matches!(number, Some(libc::ECHILD | libc::ESRCH));
            event(who, format_args!("unknown: no-such-child={none} {error}"));
        }
    }
}

impl Child {
    /// Opens the gate, and returns once the child has ended. It is not reaped by that.
    fn let_go(&self) -> io::Result<()> {
        self.gate.open()?;
        waitid(Id::Pid(self.pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
        Ok(())
    }

    /// Says so if it has ended and is not there any more.
    fn look_for_it(&self) {
        if !is_there(self.pid) {
            event("other", format_args!("child-{} was waited for by somebody", self.number));
        }
    }

    fn ask(&self, label: &str) {
        ask(&format!("{label}-{}", self.number), self.pid);
    }
}

/// Registers something that runs whenever a process ends by `exit`, but not by `_exit`.
fn say_when_a_process_exits() {
    extern "C" fn at_exit() {
        event("exit", format_args!("pid={}", process::id()));
    }
    // SAFETY: the function that is registered lives as long as the program.
    unsafe { libc::atexit(at_exit) };
}
