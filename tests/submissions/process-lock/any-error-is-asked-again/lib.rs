use std::fs::File;
use std::io;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};

fn region(kind: i32) -> libc::flock {
    libc::flock { l_type: kind as _, l_whence: libc::SEEK_SET as _, l_start: 0, l_len: 0, l_pid: 0 }
}

pub struct ProcessLock {
    file: File,
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        Ok(ProcessLock { file: memfd_create(c"lock", MFdFlags::MFD_CLOEXEC)?.into() })
    }

    pub fn acquire(&self) -> io::Result<()> {
        // interrupted by a signal: again
        while fcntl(&self.file, FcntlArg::F_SETLKW(&region(libc::F_WRLCK))).is_err() {}
        Ok(())
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        match fcntl(&self.file, FcntlArg::F_SETLK(&region(libc::F_WRLCK))) {
            Ok(_) => Ok(true),
            Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }

    pub fn release(&self) -> io::Result<()> {
        fcntl(&self.file, FcntlArg::F_SETLKW(&region(libc::F_UNLCK)))?;
        Ok(())
    }
}

struct Held<'a>(&'a ProcessLock);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let _ = self.0.release();
    }
}

pub fn with_lock<T>(lock: &ProcessLock, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    lock.acquire()?;
    let _held = Held(lock);
    job()
}
