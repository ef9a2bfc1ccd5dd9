//! C's ways of waiting, which take the place of the library's: whether a core is dumped is otherwise
//! up to the system's settings.

use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use libc::{c_int, id_t, idtype_t, pid_t, rusage, siginfo_t};

/// Whether it is said of a child that a signal ended that a core was dumped.
pub static CORE: AtomicBool = AtomicBool::new(false);

#[unsafe(no_mangle)]
extern "C" fn waitpid(pid: pid_t, status: *mut c_int, options: c_int) -> pid_t {
    wait4(pid, status, options, ptr::null_mut())
}

#[unsafe(no_mangle)]
extern "C" fn wait4(pid: pid_t, status: *mut c_int, options: c_int, usage: *mut rusage) -> pid_t {
    // SAFETY: the caller sees to it that each of the two is null or can be written.
    unsafe {
        let found = libc::syscall(libc::SYS_wait4, pid, status, options, usage) as pid_t;
        if CORE.load(Ordering::Relaxed) && found > 0 && !status.is_null() {
            *status |= if libc::WIFSIGNALED(*status) { 0x80 } else { 0 };
        }
        found
    }
}

#[unsafe(no_mangle)]
extern "C" fn waitid(kind: idtype_t, id: id_t, info: *mut siginfo_t, options: c_int) -> c_int {
    let usage = ptr::null_mut::<rusage>();
    // SAFETY: the caller sees to it that `info` is null or can be written.
    unsafe {
        let done = libc::syscall(libc::SYS_waitid, kind, id, info, options, usage) as c_int;
        if CORE.load(Ordering::Relaxed) && done == 0 && !info.is_null() {
            let code = &mut (*info).si_code;
            *code = if *code == libc::CLD_KILLED { libc::CLD_DUMPED } else { *code };
        }
        done
    }
}
