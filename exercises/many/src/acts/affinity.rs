//! C's `sched_getaffinity`, which takes the place of the library's.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the system has more processors than fit into the set for `sched_getaffinity`.
pub static UNSEEN: AtomicBool = AtomicBool::new(false);

/// Takes the place of the C library's, for all of this program: it fails where there are too many.
// SAFETY: it does what a `sched_getaffinity` does.
#[unsafe(no_mangle)]
unsafe extern "C" fn sched_getaffinity(
    pid: libc::pid_t,
    size: usize,
    set: *mut libc::cpu_set_t,
) -> libc::c_int {
    // SAFETY: the caller's set, of its size; a size of zero is an error.
    unsafe {
        let size = if UNSEEN.load(Ordering::Relaxed) { 0 } else { size };
        let written = libc::syscall(libc::SYS_sched_getaffinity, pid, size, set);
        let Ok(written) = usize::try_from(written) else { return -1 };
        // The kernel leaves alone what lies behind its own processors.
        set.cast::<u8>().add(written).write_bytes(0, size - written);
        0
    }
}
