//! Forks that fail.

use std::process::id;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use many::{Children, Task};
use stage::{event, refuse_processes};

use crate::only_the_parent;

/// Starts the tasks, of which the system permits only those before this number.
pub fn refused(number: usize, tasks: Vec<Task>) {
    let parent = id();
    refuse_from(number);
    if Children::start_all(tasks).is_ok() && REFUSED.load(Ordering::Relaxed) {
        only_the_parent(parent);
        event("main", "started, although not every process could be forked");
    }
}

/// The number of the fork that fails, counted from the next one on.
static FAILS: AtomicUsize = AtomicUsize::new(0);
/// Whether the system refuses processes by now.
static REFUSED: AtomicBool = AtomicBool::new(false);

/// The fork of this number fails, and so does each that follows.
fn refuse_from(number: usize) {
    extern "C" fn forked() {
        if FAILS.fetch_sub(1, Ordering::Relaxed) == 2 {
            REFUSED.store(refuse_processes(), Ordering::Relaxed);
        }
    }
    // Root, whom no limit binds, becomes somebody else before there are children to be signalled.
    const NOBODY: libc::uid_t = 65534;
    FAILS.store(number, Ordering::Relaxed);
    // SAFETY: system calls with plain numbers, and a function that lives as long as the program.
    unsafe {
        if libc::getuid() == 0 {
            libc::setuid(NOBODY);
        }
        libc::pthread_atfork(None, Some(forked), None);
    }
    if number == 1 {
        REFUSED.store(refuse_processes(), Ordering::Relaxed);
    }
}
