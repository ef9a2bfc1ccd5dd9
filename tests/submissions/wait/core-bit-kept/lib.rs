use std::io;

use nix::unistd::Pid;

pub fn start(job: impl FnOnce() -> i32) -> io::Result<Pid> {
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => unsafe { libc::_exit(job()) },
        _ => Ok(Pid::from_raw(pid)),
    }
}

pub fn exit_code(pid: Pid) -> io::Result<i32> {
    let mut status: i32 = 0;
    if unsafe { libc::waitpid(pid.as_raw(), &mut status, 0) } < 0 {
        return Err(io::Error::last_os_error());
    }
    let low = status & 0xff;
    let high = (status >> 8) & 0xff;
    if low == 0 { Ok(high) } else { Ok(-low) }
}
