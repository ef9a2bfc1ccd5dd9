use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use nix::unistd::{ForkResult, Pid, fork};

fn live_and_die(job: impl FnOnce() -> i32) -> ! {
    let status = job();
    // SAFETY: always allowed.
    unsafe { libc::_exit(status) }
}

pub fn start(job: impl FnOnce() -> i32) -> io::Result<Pid> {
    unsafe { fork() }.map_err(io::Error::from).map(|result| match result {
        ForkResult::Parent { child } => child,
        ForkResult::Child => live_and_die(job),
    })
}

fn wait_for(pid: Pid) -> io::Result<ExitStatus> {
    let mut raw = 0;
    match unsafe { libc::waitpid(pid.as_raw(), &mut raw, 0) } {
        -1 => match io::Error::last_os_error() {
            e if e.raw_os_error() == Some(libc::EINTR) => wait_for(pid),
            e => Err(e),
        },
        _ => Ok(ExitStatus::from_raw(raw)),
    }
}

pub fn exit_code(pid: Pid) -> io::Result<i32> {
    let status = wait_for(pid)?;
    status
        .code()
        .or_else(|| status.signal().map(|n| -n))
        .ok_or_else(|| io::Error::other("neither exited nor killed"))
}
