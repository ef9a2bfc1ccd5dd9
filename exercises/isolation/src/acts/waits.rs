//! C's `waitpid` and `waitid`, which take the place of the library's: of a child that crashed they say
//! as well that a core was dumped, which is otherwise up to the system's settings.

fn dumps(signal: libc::c_int) -> bool {
    [libc::SIGABRT, libc::SIGSEGV].contains(&signal)
}

#[unsafe(no_mangle)]
extern "C" fn waitpid(
    pid: libc::pid_t,
    status: *mut libc::c_int,
    options: libc::c_int,
) -> libc::pid_t {
    let usage = std::ptr::null_mut::<libc::rusage>();
    // SAFETY: the caller sees to it that `status` is null or can be written.
    unsafe {
        let found = libc::syscall(libc::SYS_wait4, pid, status, options, usage) as libc::pid_t;
        if found > 0 && !status.is_null() {
            let crashed = libc::WIFSIGNALED(*status) && dumps(libc::WTERMSIG(*status));
            *status |= if crashed { 0x80 } else { 0 };
        }
        found
    }
}

#[unsafe(no_mangle)]
extern "C" fn waitid(
    kind: libc::idtype_t,
    id: libc::id_t,
    found: *mut libc::siginfo_t,
    options: libc::c_int,
) -> libc::c_int {
    let usage = std::ptr::null_mut::<libc::rusage>();
    // SAFETY: the caller sees to it that `found` is null or can be written.
    unsafe {
        let result = libc::syscall(libc::SYS_waitid, kind, id, found, options, usage);
        if result == 0
            && let Some(found) = found.as_mut()
            && found.si_code == libc::CLD_KILLED
            && dumps(found.si_status())
        {
            found.si_code = libc::CLD_DUMPED;
        }
        result as libc::c_int
    }
}
