use std::io;

use nix::unistd::Pid;

pub fn start(job: impl FnOnce() -> i32) -> io::Result<Pid> {
    // SAFETY: one thread.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let status = job();
        // SAFETY: ends it.
        unsafe { libc::_exit(status) };
    }
    Ok(Pid::from_raw(pid))
}

pub fn exit_code(pid: Pid) -> io::Result<i32> {
    let mut status = 0;
    loop {
        // SAFETY: a local variable.
        let r = unsafe { libc::waitpid(pid.as_raw(), &mut status, 0) };
        if r >= 0 {
            break;
        }
        let e = io::Error::last_os_error();
        if e.raw_os_error() != Some(libc::EINTR) {
            return Err(e);
        }
    }
    if libc::WIFSIGNALED(status) {
        return Ok(-libc::WTERMSIG(status));
    }
    Ok(libc::WEXITSTATUS(status))
}
