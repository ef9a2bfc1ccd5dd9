use std::io;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub fn start(job: impl FnOnce() -> i32) -> io::Result<Pid> {
    match unsafe { fork() }? {
        ForkResult::Child => unsafe { libc::_exit(job()) },
        ForkResult::Parent { child } => Ok(child),
    }
}

pub fn exit_code(pid: Pid) -> io::Result<i32> {
    let mut pause = Duration::from_millis(2);
    loop {
        match waitpid(pid, Some(WaitPidFlag::WNOHANG))? {
            WaitStatus::Exited(_, status) => return Ok(status),
            WaitStatus::Signaled(_, signal, _) => return Ok(-(signal as i32)),
            _ => {
                sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(250));
            }
        }
    }
}
