//! Asks for children that are stopped, too.

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use std::io;

pub fn start(job: impl FnOnce() -> i32) -> io::Result<Pid> {
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            let status = job();
            unsafe { libc::_exit(status) }
        }
    }
}

pub fn exit_code(pid: Pid) -> io::Result<i32> {
    match waitpid(pid, Some(WaitPidFlag::WUNTRACED))? {
        WaitStatus::Exited(_, code) => Ok(code),
        WaitStatus::Signaled(_, signal, _) | WaitStatus::Stopped(_, signal) => Ok(-(signal as i32)),
        _ => Err(io::Error::other("odd")),
    }
}
