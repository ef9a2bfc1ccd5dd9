//! Children of this process, whoever started them.

use std::io;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{ForkResult, Pid, fork};
use process::Process;

/// A child that has ended with `status`, and that nobody has waited for.
pub fn ended_child(status: i32) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        // SAFETY: ends this process and does nothing else.
        ForkResult::Child => unsafe { libc::_exit(status) },
        ForkResult::Parent { child } => {
            waitid(Id::Pid(child), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
            Ok(child)
        }
    }
}

/// Returns when a process has ended. Nobody has reaped it by that.
pub fn until_over(process: &Process) -> io::Result<()> {
    if let Some(pid) = process.pid() {
        waitid(Id::Pid(Pid::from_raw(pid)), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
    }
    Ok(())
}

/// Does something while the process is stopped, which is no end.
pub fn while_stopped(
    process: &mut Process,
    act: impl FnOnce(&mut Process) -> io::Result<()>,
) -> io::Result<()> {
    let child = child_of(process);
    child.map(stop).transpose()?;
    act(process)?;
    if let Some(child) = child {
        kill(child, Signal::SIGCONT)?;
    }
    Ok(())
}

/// The process behind an object. Whatever number that tells, nobody but a child is sent a signal.
pub fn child_of(process: &Process) -> Option<Pid> {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    process.pid().map(Pid::from_raw).filter(|&child| waitid(Id::Pid(child), flags).is_ok())
}

/// Stops a child, and returns when it has been stopped, or has ended.
pub fn stop(child: Pid) -> io::Result<()> {
    kill(child, Signal::SIGSTOP)?;
    let flags = WaitPidFlag::WSTOPPED | WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    waitid(Id::Pid(child), flags)?;
    Ok(())
}
