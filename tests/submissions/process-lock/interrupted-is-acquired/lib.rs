//! A lock between processes: a record lock of the kernel on a file that has no name.
//!
//! Such a lock belongs to the process, whoever opened the file, so it works across `fork`; and
//! what belongs to a process the kernel takes back when the process ends, however it ends.

use std::fs::File;
use std::io;
use std::os::fd::FromRawFd;

use libc::{c_int, c_short};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};

/// A lock, shared with every process that is forked after it was made.
pub struct ProcessLock {
    /// Nothing is ever written to it; it is there to be locked.
    file: File,
}

impl ProcessLock {
    /// A lock that nobody holds.
    pub fn new() -> io::Result<ProcessLock> {
        // SAFETY: the name ends with a zero, and no memory is kept.
        let descriptor = unsafe { libc::memfd_create(c"lock".as_ptr(), libc::MFD_CLOEXEC) };
        if descriptor == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new, so nobody else owns it.
        Ok(ProcessLock { file: unsafe { File::from_raw_fd(descriptor) } })
    }

    /// Takes the lock; sleeps while another process holds it.
    pub fn acquire(&self) -> io::Result<()> {
        let _ = fcntl(&self.file, FcntlArg::F_SETLKW(&whole_file(libc::F_WRLCK)));
        Ok(())
    }

    /// Takes the lock if no other process holds it, and says at once whether it did.
    pub fn try_acquire(&self) -> io::Result<bool> {
        match fcntl(&self.file, FcntlArg::F_SETLK(&whole_file(libc::F_WRLCK))) {
            Ok(_) => Ok(true),
            Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives the lock back, and wakes one process that waits for it.
    pub fn release(&self) -> io::Result<()> {
        fcntl(&self.file, FcntlArg::F_SETLK(&whole_file(libc::F_UNLCK)))?;
        Ok(())
    }
}

/// From the first byte to the last, however many there will be: that is what length 0 means.
fn whole_file(kind: c_int) -> libc::flock {
    libc::flock {
        l_type: kind as c_short,
        l_whence: libc::SEEK_SET as c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}

/// Gives the lock back when it goes out of scope, in a panic too.
struct Held<'a>(&'a ProcessLock);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // Unlocking what this process has locked cannot fail.
        let _ = self.0.release();
    }
}

/// Does `job` while holding `lock`.
pub fn with_lock<T>(lock: &ProcessLock, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    lock.acquire()?;
    let _held = Held(lock);
    job()
}
