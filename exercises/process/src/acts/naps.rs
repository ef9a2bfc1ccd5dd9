//! C's ways of napping, which take the place of the library's: a nap may take longer than it was
//! meant to, and much may happen in it.

use std::cell::Cell;

use libc::{c_int, clockid_t, timespec};

thread_local! {
    static NEXT: Cell<Option<Box<dyn FnOnce()>>> = const { Cell::new(None) };
}

/// What happens at the beginning of the next nap of this process.
pub fn before_the_next(act: impl FnOnce() + 'static) {
    NEXT.set(Some(Box::new(act)));
}

/// Whether that nap came; if not, nothing happens any more.
pub fn came() -> bool {
    NEXT.take().is_none()
}

#[unsafe(no_mangle)]
extern "C" fn nanosleep(time: *const timespec, left: *mut timespec) -> c_int {
    NEXT.take().into_iter().for_each(|act| act());
    // SAFETY: the caller's pointers, which the system call looks at.
    unsafe { libc::syscall(libc::SYS_nanosleep, time, left) as c_int }
}

#[unsafe(no_mangle)]
extern "C" fn clock_nanosleep(
    clock: clockid_t,
    flags: c_int,
    time: *const timespec,
    left: *mut timespec,
) -> c_int {
    NEXT.take().into_iter().for_each(|act| act());
    // SAFETY: as above.
    match unsafe { libc::syscall(libc::SYS_clock_nanosleep, clock, flags, time, left) } {
        0 => 0,
        // SAFETY: every thread has its `errno`.
        _ => unsafe { *libc::__errno_location() },
    }
}
