//! Forks once, and says in each process what it remembers.
//!
//!     cargo run -p fork -- --counter 100 --step 1
//!
//! With `--again 1` the child makes the call as well. With `--refuse 1` the system permits no
//! further process, so that the fork fails. With `--stay 1` the child is stopped for a
//! while, which is no end, goes on, and never ends; with `--stay 2` it is stopped for ever. With
//! `--end 3` it ends with that status in the end, with `--end -9` by that signal.

use std::io;
use std::process;

use fork::fork_and_tell;
use stage::{Arguments, Gate, event, refuse_processes, stop_for_a_while};

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&["counter", "step", "again", "refuse", "stay", "end"]);
    let mut counter = arguments.get("counter", 100);
    let step = arguments.get("step", 1);
    if arguments.get("refuse", 0) != 0 && !refuse_processes() {
        event("main", "cannot refuse processes here");
        return Ok(());
    }

    let opened_by = process::id();
    event("opening", format_args!("pid={} counter={counter}", process::id()));
    let mut told = fork_and_tell(&mut counter, step);
    if process::id() != opened_by && arguments.get("again", 0) != 0 {
        told = fork_and_tell(&mut counter, step);
    }
    if process::id() != opened_by {
        stay(arguments.get("stay", 0))?;
    }
    match told {
        // All of them come by here, each with a counter of its own.
        Ok(()) => event("closing", format_args!("pid={} counter={counter}", process::id())),
        Err(error) => {
            // One that the student has put into words has no number.
            let errno = error.raw_os_error().unwrap_or(libc::EAGAIN);
            event("failed", format_args!("pid={} counter={counter} errno={errno}", process::id()));
            eprintln!("fork_and_tell says: {error}");
        }
    }
    if process::id() != opened_by {
        come_to(arguments.get("end", 0));
    }
    Ok(())
}

/// Ends this process with a status, or by a signal if that is negative, unless it is 0.
fn come_to(end: i32) {
    if end < 0 {
        // SAFETY: a process may send itself any signal.
        unsafe { libc::raise(-end) };
    }
    if end > 0 {
        process::exit(end);
    }
}

/// Keeps a process from its end, unless `way` is 0.
fn stay(way: u8) -> io::Result<()> {
    match way {
        1 => stop_for_a_while(),
        // SAFETY: a process may send itself any signal. Nobody lets it go on.
        2 => drop(unsafe { libc::raise(libc::SIGSTOP) }),
        _ => {}
    }
    // Nobody opens this gate.
    if way > 0 { Gate::new()?.pass() } else { Ok(()) }
}
