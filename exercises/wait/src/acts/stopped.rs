//! A child that is stopped.

use std::time::Duration;
use std::{fs, io, ptr, thread};

use nix::sys::signal::{Signal, kill, raise};
use nix::unistd::{ForkResult, Pid, fork};
use stage::{event, until_asleep};
use wait::start;

use super::waits;
use crate::ask;

/// A child is stopped, which is no end, and goes on when its parent sleeps.
pub fn stopped(end: i32) -> io::Result<()> {
    let parent = Pid::this();
    let child = start(|| {
        raise(Signal::SIGSTOP).expect("a process may send signals to itself");
        // Whoever takes this for an end as well says so before there is one.
        until_asleep(parent.as_raw());
        event("helped", "child-1 is about to end");
        end
    })?;
    event("child-1", format_args!("started pid={child}"));
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let_go_on(child, parent);
            // SAFETY: ends this process and does nothing else.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child: helper } => {
            ask("child-1", child);
            // Whoever waits for more than was asked has reaped it already.
            waits::waitpid(helper.as_raw(), ptr::null_mut(), 0);
            Ok(())
        }
    }
}

/// Continues `child` whenever it is stopped while `parent` sleeps, or cannot be seen, until it has
/// ended; gives up after a while.
fn let_go_on(child: Pid, parent: Pid) {
    let sight = || {
        let seen = (state(child), state(parent));
        matches!(seen, (Some('T' | 't') | None, Some('S') | None))
    };
    let mut told = false;
    for _ in 0..2_000 {
        // Whoever is being stopped is seen to be so a moment before its parent is woken.
        let before = sight();
        thread::sleep(Duration::from_millis(1));
        if before && sight() {
            if !told {
                event("helper", "lets child-1 go on");
                told = true;
            }
            if kill(child, Signal::SIGCONT).is_err() {
                return;
            }
        }
        if state(child) == Some('Z') {
            return;
        }
    }
}

/// The state of a process; none if there is no such process, or it cannot be seen.
fn state(process: Pid) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // It stands behind the name, which may hold anything.
    stat.rsplit(") ").next()?.chars().next()
}
