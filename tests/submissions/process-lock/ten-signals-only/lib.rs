use std::io;
use std::os::fd::OwnedFd;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};

const TRIES: usize = 11;

pub struct ProcessLock(OwnedFd);

fn whole_file(kind: libc::c_int) -> libc::flock {
    libc::flock {
        l_type: kind as i16,
        l_whence: libc::SEEK_SET as i16,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        Ok(ProcessLock(memfd_create("process-lock", MFdFlags::MFD_CLOEXEC)?))
    }

    pub fn acquire(&self) -> io::Result<()> {
        let mut result = Ok(0);
        // not for ever, in case somebody bombards us
        for _ in 0..TRIES {
            result = fcntl(&self.0, FcntlArg::F_SETLKW(&whole_file(libc::F_WRLCK)));
            if result != Err(Errno::EINTR) {
                break;
            }
        }
        result.map(drop).map_err(io::Error::from)
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        let result = fcntl(&self.0, FcntlArg::F_SETLK(&whole_file(libc::F_WRLCK)));
        match result {
            Ok(_) => Ok(true),
            Err(Errno::EACCES) | Err(Errno::EAGAIN) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    pub fn release(&self) -> io::Result<()> {
        fcntl(&self.0, FcntlArg::F_SETLK(&whole_file(libc::F_UNLCK)))?;
        Ok(())
    }
}

pub fn with_lock<T>(lock: &ProcessLock, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    lock.acquire()?;
    let held = Held(lock);
    let result = job();
    drop(held);
    result
}

struct Held<'a>(&'a ProcessLock);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let _ = self.0.release();
    }
}
