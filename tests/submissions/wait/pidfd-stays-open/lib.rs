use std::io;

use nix::unistd::Pid;

/// A process, held fast.
struct Handle {
    fd: libc::c_int,
}

impl Handle {
    fn open(pid: Pid) -> io::Result<Handle> {
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
        if fd == -1 { Err(io::Error::last_os_error()) } else { Ok(Handle { fd: fd as i32 }) }
    }

    fn wait(&self) -> io::Result<i32> {
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        while unsafe { libc::waitid(libc::P_PIDFD, self.fd as u32, &mut info, libc::WEXITED) } == -1
        {
            let error = io::Error::last_os_error();
            if error.raw_os_error() != Some(libc::EINTR) {
                return Err(error);
            }
        }
        let status = unsafe { info.si_status() };
        Ok(match info.si_code {
            libc::CLD_EXITED => status,
            _ => -status,
        })
    }
}

pub fn start(job: impl FnOnce() -> i32) -> io::Result<Pid> {
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => unsafe { libc::_exit(job()) },
        pid => Ok(Pid::from_raw(pid)),
    }
}

pub fn exit_code(pid: Pid) -> io::Result<i32> {
    Handle::open(pid)?.wait()
}
