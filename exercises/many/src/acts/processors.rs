//! Processors that the program may not use, or cannot see.

use std::io;
use std::sync::atomic::Ordering;

use many::processors;
use stage::event;

use super::affinity::{MORE, UNSEEN};
use crate::told_processors;

/// From now on this process may use one processor, the first that it had; or all, if that is
/// refused. The system has more in any case.
pub fn pin() {
    // Whoever remembers the answer does so before there is another.
    processors();
    MORE.store(true, Ordering::Relaxed);
    // SAFETY: a set of processors is plain bits, and both calls are given its size.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::sched_getaffinity(0, size_of_val(&set), &mut set);
        let mut all = 0..libc::CPU_SETSIZE as usize;
        if let Some(first) = all.find(|&processor| libc::CPU_ISSET(processor, &set)) {
            libc::CPU_ZERO(&mut set);
            libc::CPU_SET(first, &mut set);
            libc::sched_setaffinity(0, size_of_val(&set), &set);
        }
    }
}

/// Asks for their number when the system has too many for a `sched_getaffinity`.
pub fn tell_unseen() -> io::Result<()> {
    MORE.store(true, Ordering::Relaxed);
    UNSEEN.store(true, Ordering::Relaxed);
    event("unseen", told_processors()?);
    Ok(())
}
