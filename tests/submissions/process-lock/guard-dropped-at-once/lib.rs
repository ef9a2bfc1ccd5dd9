//! A record lock on a file in memory.

use std::fs::File;
use std::io;
use std::os::fd::FromRawFd;

use libc::{c_int, c_short};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};

pub struct ProcessLock {
    file: File,
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        // SAFETY: the name ends with a zero, and no memory is kept.
        let descriptor = unsafe { libc::memfd_create(c"lock".as_ptr(), libc::MFD_CLOEXEC) };
        if descriptor == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new, so nobody else owns it.
        Ok(ProcessLock { file: unsafe { File::from_raw_fd(descriptor) } })
    }

    pub fn acquire(&self) -> io::Result<()> {
        loop {
            match fcntl(&self.file, FcntlArg::F_SETLKW(&whole_file(libc::F_WRLCK))) {
                Err(Errno::EINTR) => {}
                done => return done.map(drop).map_err(io::Error::from),
            }
        }
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        match fcntl(&self.file, FcntlArg::F_SETLK(&whole_file(libc::F_WRLCK))) {
            Ok(_) => Ok(true),
            Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub fn release(&self) -> io::Result<()> {
        fcntl(&self.file, FcntlArg::F_SETLK(&whole_file(libc::F_UNLCK)))?;
        Ok(())
    }
}

fn whole_file(kind: c_int) -> libc::flock {
    libc::flock {
        l_type: kind as c_short,
        l_whence: libc::SEEK_SET as c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
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
    let _ = Held(lock);
    job()
}
