use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub fn start(job: impl FnOnce() -> i32) -> io::Result<Pid> {
    // SAFETY: there is one thread.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            let status = job();
            unsafe { libc::_exit(status) }
        }
    }
}

pub fn exit_code(pid: Pid) -> io::Result<i32> {
    // SAFETY: the call takes numbers; what it returns is a new descriptor.
    let descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    let descriptor = unsafe { OwnedFd::from_raw_fd(descriptor as i32) };
    let mut end = libc::pollfd { fd: descriptor.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // Sleeps until the process has ended.
    if unsafe { libc::poll(&mut end, 1, -1) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(match waitpid(pid, None)? {
        WaitStatus::Exited(_, status) => status,
        WaitStatus::Signaled(_, signal, _) => -(signal as i32),
        _ => unreachable!("it has ended"),
    })
}
