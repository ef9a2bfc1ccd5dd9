use std::io;

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd};
use std::process::id;
use std::sync::{Mutex, MutexGuard};

/// flock belongs to the open file, so each process opens it once for itself.
pub struct ProcessLock {
    shared: File,
    own: Mutex<(u32, Option<File>)>,
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        let fd = unsafe { libc::memfd_create(c"process-lock".as_ptr(), libc::MFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        let shared = unsafe { File::from_raw_fd(fd) };
        Ok(ProcessLock { shared, own: Mutex::new((0, None)) })
    }

    /// The file of this process; opens it at the first use, and again after a fork.
    fn own(&self) -> io::Result<MutexGuard<'_, (u32, Option<File>)>> {
        let mut own = self.own.lock().unwrap_or_else(|e| e.into_inner());
        if own.0 != id() || own.1.is_none() {
            let path = format!("/proc/self/fd/{}", self.shared.as_raw_fd());
            *own = (id(), Some(File::options().read(true).write(true).open(path)?));
        }
        Ok(own)
    }

    fn flock(&self, how: i32) -> io::Result<()> {
        let own = self.own()?;
        let fd = own.1.as_ref().map_or(-1, |file| file.as_raw_fd());
        while unsafe { libc::flock(fd, how) } != 0 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        Ok(())
    }

    pub fn acquire(&self) -> io::Result<()> {
        self.flock(libc::LOCK_EX)
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        match self.flock(libc::LOCK_EX | libc::LOCK_NB) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub fn release(&self) -> io::Result<()> {
        self.flock(libc::LOCK_UN)
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
