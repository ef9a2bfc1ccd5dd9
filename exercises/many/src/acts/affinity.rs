//! C's `sched_getaffinity` and `sysconf`, which take the place of the library's.

use std::mem::transmute;
use std::sync::atomic::{AtomicBool, Ordering};

use libc::{c_int, c_long};

/// Whether the system has more processors than fit into the set for `sched_getaffinity`.
pub static UNSEEN: AtomicBool = AtomicBool::new(false);

/// Whether the system has more processors than this program may use. Otherwise what `sysconf` says
/// depends on what it finds in `/sys`.
pub static MORE: AtomicBool = AtomicBool::new(false);

/// Takes the place of the C library's, for all of this program: it fails where there are too many.
// SAFETY: it does what a `sched_getaffinity` does.
#[unsafe(no_mangle)]
unsafe extern "C" fn sched_getaffinity(
    pid: libc::pid_t,
    size: usize,
    set: *mut libc::cpu_set_t,
) -> c_int {
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

/// Takes the place of the C library's, for all of this program: it says that there are many
/// processors where there are more.
#[unsafe(no_mangle)]
extern "C" fn sysconf(name: c_int) -> c_long {
    const MANY: c_long = 96;
    if matches!(name, libc::_SC_NPROCESSORS_ONLN | libc::_SC_NPROCESSORS_CONF)
        && MORE.load(Ordering::Relaxed)
    {
        return MANY;
    }
    // SAFETY: the library's own function of this name, if it has one, is of this type.
    unsafe {
        let own = libc::dlsym(libc::RTLD_NEXT, c"sysconf".as_ptr());
        let own: Option<unsafe extern "C" fn(c_int) -> c_long> = transmute(own);
        own.map_or(-1, |own| own(name))
    }
}
