//! Tasks that are stopped for a while.

use std::io;
use std::process::id;

use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{ForkResult, Pid, fork};
use stage::until_asleep;

use crate::Part;

/// Stops the task's process, which is no end.
pub fn stop(part: &Part) -> io::Result<Pid> {
    let pid = part.pid()?;
    send(pid, libc::SIGSTOP)?;
    waitid(Id::Pid(pid), WaitPidFlag::WSTOPPED | WaitPidFlag::WNOWAIT)?;
    Ok(pid)
}

/// Lets those that are stopped go on.
pub fn go_on(stopped: Vec<Pid>) -> io::Result<()> {
    stopped.into_iter().try_for_each(|pid| send(pid, libc::SIGCONT))
}

/// A child that lets a stopped one go on when the parent sleeps.
pub fn lets_go_on(stopped: Pid) -> io::Result<Pid> {
    let parent = id().cast_signed();
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            until_asleep(parent);
            let _ = send(stopped, libc::SIGCONT);
            // SAFETY: ends this process and does nothing else.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => Ok(child),
    }
}

fn send(pid: Pid, signal: i32) -> io::Result<()> {
    // SAFETY: a system call with plain numbers.
    let sent = unsafe { libc::kill(pid.as_raw(), signal) };
    if sent == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
