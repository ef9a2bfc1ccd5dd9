use std::io;

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

/// One file is enough: every lock is one byte in it.
static FILE: OnceLock<File> = OnceLock::new();
static NEXT: AtomicI64 = AtomicI64::new(0);

fn file() -> &'static File {
    FILE.get_or_init(|| {
        let fd = unsafe { libc::memfd_create(c"locks".as_ptr(), libc::MFD_CLOEXEC) };
        assert!(fd >= 0, "no file: {}", io::Error::last_os_error());
        unsafe { File::from_raw_fd(fd) }
    })
}

pub struct ProcessLock {
    byte: i64,
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        file();
        Ok(ProcessLock { byte: NEXT.fetch_add(1, Ordering::SeqCst) })
    }

    fn set(&self, what: i32, cmd: i32) -> io::Result<()> {
        let mut range: libc::flock = unsafe { std::mem::zeroed() };
        range.l_type = what as i16;
        range.l_whence = libc::SEEK_SET as i16;
        range.l_start = self.byte;
        range.l_len = 1;
        loop {
            let done = unsafe { libc::fcntl(file().as_raw_fd(), cmd, &range) };
            if done == 0 {
                return Ok(());
            }
            let error = io::Error::last_os_error();
            if error.raw_os_error() != Some(libc::EINTR) {
                return Err(error);
            }
        }
    }

    pub fn acquire(&self) -> io::Result<()> {
        self.set(libc::F_WRLCK, libc::F_SETLKW)
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        match self.set(libc::F_WRLCK, libc::F_SETLK) {
            Ok(()) => Ok(true),
            Err(e) if [Some(libc::EAGAIN), Some(libc::EACCES)].contains(&e.raw_os_error()) => {
                Ok(false)
            }
            Err(e) => Err(e),
        }
    }

    pub fn release(&self) -> io::Result<()> {
        self.set(libc::F_UNLCK, libc::F_SETLK)
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
