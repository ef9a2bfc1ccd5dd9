use std::io;

use nix::unistd::Pid;

pub fn start(job: impl FnOnce() -> i32) -> io::Result<Pid> {
    // SAFETY: one thread.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let status = job();
            // SAFETY: ends the process.
            unsafe { libc::_exit(status) }
        }
        pid => Ok(Pid::from_raw(pid)),
    }
}

pub fn exit_code(pid: Pid) -> io::Result<i32> {
    let mut status = 0;
    loop {
        // SAFETY: the status goes to a valid place.
        if unsafe { libc::waitpid(pid.as_raw(), &mut status, 0) } >= 0 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    // The low seven bits are the signal, the next byte is the status.
    let signal = status & 0x7f;
    Ok(if signal == 0 { status >> 8 & 0xff } else { -signal })
}
