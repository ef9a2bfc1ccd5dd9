use std::io;

use nix::unistd::{ForkResult, Pid, fork};

pub fn start(job: impl FnOnce() -> i32) -> io::Result<Pid> {
    match unsafe { fork() }? {
        ForkResult::Child => unsafe { libc::_exit(job()) },
        ForkResult::Parent { child } => Ok(child),
    }
}

pub fn exit_code(pid: Pid) -> io::Result<i32> {
    let mut status = 0;
    if unsafe { libc::waitpid(pid.as_raw(), &mut status, 0) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(status >> 8)
}
