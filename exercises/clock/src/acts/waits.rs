//! C's ways of waiting, which take the place of the library's: whether a core is dumped is otherwise
//! up to the system's settings.

use std::ptr;

use libc::{c_int, id_t, idtype_t, pid_t, rusage, siginfo_t};

#[unsafe(no_mangle)]
extern "C" fn waitpid(pid: pid_t, status: *mut c_int, options: c_int) -> pid_t {
    let usage = ptr::null_mut::<rusage>();
    // SAFETY: the caller sees to it that `status` is null or can be written.
    unsafe {
        let found = libc::syscall(libc::SYS_wait4, pid, status, options, usage) as pid_t;
        if found > 0 && !status.is_null() && libc::WIFSIGNALED(*status) {
            *status |= 0x80;
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
        if done == 0 && !info.is_null() && (*info).si_code == libc::CLD_KILLED {
            (*info).si_code = libc::CLD_DUMPED;
        }
        done
    }
}
