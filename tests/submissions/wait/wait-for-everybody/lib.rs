use std::io;

use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::{ForkResult, Pid, fork};

pub fn start(job: impl FnOnce() -> i32) -> io::Result<Pid> {
    match unsafe { fork() }? {
        ForkResult::Child => unsafe { libc::_exit(job()) },
        ForkResult::Parent { child } => Ok(child),
    }
}

pub fn exit_code(pid: Pid) -> io::Result<i32> {
    let mut code = None;
    while let Ok(status) = wait() {
        match status {
            WaitStatus::Exited(ended, status) if ended == pid => code = Some(status),
            WaitStatus::Signaled(ended, signal, _) if ended == pid => code = Some(-(signal as i32)),
            _ => {}
        }
    }
    code.ok_or_else(|| io::Error::from_raw_os_error(libc::ECHILD))
}
