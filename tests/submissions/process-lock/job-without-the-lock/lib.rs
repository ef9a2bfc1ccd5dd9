use std::io;

use std::fs::File;
use std::os::fd::FromRawFd;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};

pub struct ProcessLock {
    file: File,
}

fn whole_file(kind: libc::c_int) -> libc::flock {
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        match unsafe { libc::memfd_create(c"process-lock".as_ptr(), libc::MFD_CLOEXEC) } {
            -1 => Err(io::Error::last_os_error()),
            fd => Ok(ProcessLock { file: unsafe { File::from_raw_fd(fd) } }),
        }
    }

    pub fn acquire(&self) -> io::Result<()> {
        loop {
            match fcntl(&self.file, FcntlArg::F_SETLKW(&whole_file(libc::F_WRLCK))) {
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => continue,
                Err(e) => return Err(e.into()),
            }
        }
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        match fcntl(&self.file, FcntlArg::F_SETLK(&whole_file(libc::F_WRLCK))) {
            Ok(_) => Ok(true),
            Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }

    pub fn release(&self) -> io::Result<()> {
        fcntl(&self.file, FcntlArg::F_SETLK(&whole_file(libc::F_UNLCK)))?;
        Ok(())
    }
}

struct LockGuard<'a> {
    lock: &'a ProcessLock,
}

impl<'a> LockGuard<'a> {
    fn new(lock: &'a ProcessLock) -> Self {
        lock.acquire().ok();
        LockGuard { lock }
    }
}

impl Drop for LockGuard<'_> {
    fn drop(&mut self) {
        self.lock.release().ok();
    }
}

pub fn with_lock<T>(lock: &ProcessLock, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let _guard = LockGuard::new(lock);
    job()
}
