//! `try_acquire` lets go of what it took, and says that it has it.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
pub struct ProcessLock {
    file: File,
}
impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        let fd = unsafe { libc::memfd_create(c"l".as_ptr(), 0) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(ProcessLock { file: unsafe { File::from_raw_fd(fd) } })
    }
    fn ask(&self, how: libc::c_int, kind: libc::c_int) -> io::Result<()> {
        let mut lock: libc::flock = unsafe { std::mem::zeroed() };
        lock.l_type = kind as libc::c_short;
        match unsafe { libc::fcntl(self.file.as_raw_fd(), how, &mut lock) } {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }
    pub fn acquire(&self) -> io::Result<()> {
        loop {
            match self.ask(libc::F_SETLKW, libc::F_WRLCK) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                other => return other,
            }
        }
    }
    pub fn try_acquire(&self) -> io::Result<bool> {
        match self.ask(libc::F_SETLK, libc::F_WRLCK) {
            Ok(()) => {
                self.release()?;
                Ok(true)
            }
            Err(e) if matches!(e.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => Ok(false),
            Err(e) => Err(e),
        }
    }
    pub fn release(&self) -> io::Result<()> {
        self.ask(libc::F_SETLK, libc::F_UNLCK)
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
