//! Looks without waiting, and sleeps until the kernel says that some child has changed.

use nix::sys::signal::{SigSet, Signal};
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
    let mut set = SigSet::empty();
    set.add(Signal::SIGCHLD);
    let old = set.thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_BLOCK)?;
    let result = loop {
        match waitpid(pid, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(_, code)) => break Ok(code),
            Ok(WaitStatus::Signaled(_, signal, _)) => break Ok(-(signal as i32)),
            Ok(_) => {
                set.wait()?;
            }
            Err(error) => break Err(error.into()),
        }
    };
    old.thread_set_mask()?;
    result
}
