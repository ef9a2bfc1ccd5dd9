//! Forks once, and says in each process what it remembers.
//!
//!     cargo run -p fork -- --counter 100 --step 1
//!
//! With `--refuse 1` the system permits no further process, so that the fork fails.

use std::io;
use std::process;

use fork::fork_and_tell;
use stage::{Arguments, event};

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&["counter", "step", "refuse"]);
    let mut counter = arguments.get("counter", 100);
    let step = arguments.get("step", 1);
    if arguments.get("refuse", 0) != 0 {
        refuse_processes()?;
    }

    event("opening", format_args!("pid={} counter={counter}", process::id()));
    match fork_and_tell(&mut counter, step) {
        // Two processes come by here, each with a counter of its own.
        Ok(()) => event("closing", format_args!("pid={} counter={counter}", process::id())),
        Err(error) => {
            event("failed", format_args!("pid={} counter={counter}", process::id()));
            eprintln!("fork_and_tell says: {error}");
        }
    }
    Ok(())
}

/// From here on a fork fails with `EAGAIN`: this user may have no further process.
fn refuse_processes() -> io::Result<()> {
    // The limit does not bind root, so root becomes somebody else first.
    const NOBODY: libc::uid_t = 65534;
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: three system calls on plain numbers and a struct that lives long enough.
    let done = unsafe {
        let unbound = libc::getuid() == 0;
        (!unbound || libc::setuid(NOBODY) == 0) && libc::setrlimit(libc::RLIMIT_NPROC, &none) == 0
    };
    if done { Ok(()) } else { Err(io::Error::last_os_error()) }
}
