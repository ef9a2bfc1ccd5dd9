use std::io;

use nix::unistd::{ForkResult, Pid, fork};

pub fn start(job: impl FnOnce() -> i32) -> io::Result<Pid> {
    // SAFETY: this process has a single thread.
    match unsafe { fork() }? {
        ForkResult::Child => unsafe { libc::_exit(job()) },
        ForkResult::Parent { child } => Ok(child),
    }
}

pub fn exit_code(pid: Pid) -> io::Result<i32> {
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    loop {
        let id = pid.as_raw() as libc::id_t;
        if unsafe { libc::waitid(libc::P_PID, id, &mut info, libc::WEXITED) } == 0 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::EINTR) {
            return Err(error);
        }
    }
    let value = unsafe { info.si_status() };
    if info.si_code == libc::CLD_KILLED {
        // a signal killed it
        Ok(-value)
    } else {
        // it exited by itself
        Ok(value)
    }
}
