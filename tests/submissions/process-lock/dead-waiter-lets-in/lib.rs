use std::io;

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd};
use std::sync::atomic::{AtomicI64, Ordering};

/// First come, first served: each draws a number, locks the byte with that number, and waits
/// until the byte before it is unlocked. A process that dies unlocks its byte.
pub struct ProcessLock {
    file: File,
    /// The last number that was drawn, in shared memory; changed under the lock of byte 0.
    last: *mut i64,
    mine: AtomicI64,
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        unsafe {
            let fd = libc::memfd_create(c"numbers".as_ptr(), libc::MFD_CLOEXEC);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            let file = File::from_raw_fd(fd);
            file.set_len(8)?;
            let rw = libc::PROT_READ | libc::PROT_WRITE;
            let last = libc::mmap(std::ptr::null_mut(), 8, rw, libc::MAP_SHARED, fd, 0);
            if last == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            *last.cast() = 1i64;
            Ok(ProcessLock { file, last: last.cast(), mine: AtomicI64::new(0) })
        }
    }

    fn fcntl(&self, byte: i64, kind: i32, how: i32) -> io::Result<libc::flock> {
        let mut lock: libc::flock = unsafe { std::mem::zeroed() };
        lock.l_type = kind as _;
        lock.l_whence = libc::SEEK_SET as _;
        lock.l_start = byte;
        lock.l_len = 1;
        while unsafe { libc::fcntl(self.file.as_raw_fd(), how, &raw mut lock) } < 0 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        Ok(lock)
    }

    fn unlock(&self, byte: i64) -> io::Result<()> {
        self.fcntl(byte, libc::F_UNLCK as i32, libc::F_SETLK).map(drop)
    }

    /// Draws a number and locks its byte, if it may wait for the one before, or need not.
    fn draw(&self, may_wait: bool) -> io::Result<Option<i64>> {
        self.fcntl(0, libc::F_WRLCK as i32, libc::F_SETLKW)?;
        let before = unsafe { *self.last };
        let free = self.fcntl(before, libc::F_WRLCK as i32, libc::F_GETLK)?.l_type
            == libc::F_UNLCK as libc::c_short;
        let drawn = if may_wait || free {
            self.fcntl(before + 1, libc::F_WRLCK as i32, libc::F_SETLK)?;
            unsafe { *self.last = before + 1 };
            Some(before + 1)
        } else {
            None
        };
        self.unlock(0)?;
        Ok(drawn)
    }

    pub fn acquire(&self) -> io::Result<()> {
        if let Some(number) = self.draw(true)? {
            // sleeps until the one before has gone
            self.fcntl(number - 1, libc::F_RDLCK as i32, libc::F_SETLKW)?;
            self.unlock(number - 1)?;
            self.mine.store(number, Ordering::SeqCst);
        }
        Ok(())
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        match self.draw(false)? {
            Some(number) => {
                self.mine.store(number, Ordering::SeqCst);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    pub fn release(&self) -> io::Result<()> {
        self.unlock(self.mine.load(Ordering::SeqCst))
    }
}

impl Drop for ProcessLock {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.last.cast(), 8) };
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
