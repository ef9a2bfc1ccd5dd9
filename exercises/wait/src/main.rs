//! Starts children, lets them end one after the other, and asks how each ended.
//!
//!     cargo run -p wait -- --ends 3,-9,0 --first 2
//!
//! `--ends` says how each child ends: with that status, or by the signal if it is negative.
//! `--first 2` lets child 2 end, and asks for it, while all others still run.
//! With `--never 1` as well, no child is let go at all.

use std::io;
use std::process;

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
    let arguments = Arguments::take(&["ends", "first", "never"]);
    let ends = arguments.list("ends", vec![3, -9, 0]);
    let first = arguments.get("first", 0);
    let never = arguments.get("never", 0) != 0;
    say_when_a_process_exits();

    let mut children = Vec::new();
    for (number, end) in (1..).zip(ends) {
        let gate = Gate::new()?;
        let pid = start(|| come_to(end, &gate))?;
        event(format_args!("child-{number}"), format_args!("started pid={pid}"));
        children.push(Child { number, pid, gate });
    }
    // Whoever was started last is asked for first: among children that have all ended, the kernel
    // finds the oldest first.
    children.reverse();
    if first == 0 {
        children.iter().try_for_each(Child::let_go)?;
        children.iter().for_each(|child| child.ask("child"));
        // Nobody is left to be asked for.
        children.iter().for_each(|child| child.ask("again"));
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
    Ok(())
}

/// What a child does: waits at the gate, then ends as it is told to.
fn come_to(end: i32, gate: &Gate) -> i32 {
    gate.pass().expect("the pipe of the gate is open");
    if end < 0 {
        // SAFETY: a process may send itself any signal.
        unsafe { libc::kill(libc::getpid(), -end) };
    }
    end
}

impl Child {
    /// Opens the gate, and returns once the child has ended. It is not reaped by that.
    fn let_go(&self) -> io::Result<()> {
        self.gate.open()?;
        waitid(Id::Pid(self.pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
        Ok(())
    }

    fn ask(&self, label: &str) {
        let who = format!("{label}-{}", self.number);
        match exit_code(self.pid) {
            Ok(code) => event(who, format_args!("code={code}")),
            Err(error) => event(who, format_args!("unknown: {error}")),
        }
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
