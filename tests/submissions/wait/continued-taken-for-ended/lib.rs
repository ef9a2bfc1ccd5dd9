use std::io;

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub fn start(job: impl FnOnce() -> i32) -> io::Result<Pid> {
    match unsafe { fork() }? {
        ForkResult::Child => unsafe { libc::_exit(job()) },
        ForkResult::Parent { child } => Ok(child),
    }
}

pub fn exit_code(pid: Pid) -> io::Result<i32> {
    let status = waitpid(pid, Some(WaitPidFlag::WCONTINUED))?;
    Ok(match status {
        WaitStatus::Exited(_, code) => code,
        WaitStatus::Signaled(_, signal, _core) => -(signal as i32),
        _ => 0,
    })
}
