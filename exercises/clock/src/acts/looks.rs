//! C's `clock_gettime`, by which everybody looks at clocks.

use std::process::id;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use stage::event;

/// Whether the time of day is set back all the time.
static IS_SET_BACK: AtomicBool = AtomicBool::new(false);

/// After so many looks at a clock a process says so; 0 for never.
static TOLD_AFTER: AtomicU32 = AtomicU32::new(0);

/// What comes of looks at clocks from here on.
pub fn change_looks(is_set_back: bool, told_after: u32) {
    IS_SET_BACK.store(is_set_back, Ordering::Relaxed);
    TOLD_AFTER.store(told_after, Ordering::Relaxed);
}

/// Takes the place of the C library's, for all of this program, so that looks can be counted, and
/// the time of day be set back: by a second more each time that somebody looks at it.
// SAFETY: it does what a `clock_gettime` does.
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(
    clock: libc::clockid_t,
    time: *mut libc::timespec,
) -> libc::c_int {
    static LOOKS: AtomicU32 = AtomicU32::new(0);
    // SAFETY: the caller's, which the system call looks at.
    let done = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) } as libc::c_int;
    let looks = LOOKS.fetch_add(1, Ordering::Relaxed);
    if done == 0 && clock == libc::CLOCK_REALTIME && IS_SET_BACK.load(Ordering::Relaxed) {
        // SAFETY: the system call has written to it.
        unsafe { (*time).tv_sec -= libc::time_t::from(looks) };
    }
    if looks + 1 == TOLD_AFTER.load(Ordering::Relaxed) {
        event("looks", format_args!("pid={} at a clock all the time", id()));
    }
    done
}
