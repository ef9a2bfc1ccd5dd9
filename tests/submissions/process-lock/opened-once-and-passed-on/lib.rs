use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::sync::{Mutex, OnceLock};

use nix::sys::memfd::{MFdFlags, memfd_create};

pub struct ProcessLock {
    file: File,
    maker: u32,
    /// Whoever made the lock forks, and what it has open its children inherit: it opens the file
    /// anew each time, and closes it when it lets go.
    held: Mutex<Option<File>>,
    /// The forked ones open it once, and keep it: that saves two system calls.
    reopened: OnceLock<File>,
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        let file = File::from(memfd_create(c"lock", MFdFlags::MFD_CLOEXEC)?);
        let maker = std::process::id();
        Ok(ProcessLock { file, maker, held: Mutex::new(None), reopened: OnceLock::new() })
    }

    fn open(&self) -> io::Result<File> {
        File::open(format!("/proc/self/fd/{}", self.file.as_raw_fd()))
    }

    fn is_maker(&self) -> bool {
        std::process::id() == self.maker
    }

    fn forked(&self) -> io::Result<&File> {
        if self.reopened.get().is_none() {
            let _ = self.reopened.set(self.open()?);
        }
        Ok(self.reopened.get().unwrap())
    }

    fn wait(file: &File) -> io::Result<()> {
        loop {
            match file.lock() {
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }

    fn attempt(file: &File) -> io::Result<bool> {
        match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(e)) => Err(e),
        }
    }

    pub fn acquire(&self) -> io::Result<()> {
        if self.is_maker() {
            let file = self.open()?;
            Self::wait(&file)?;
            *self.held.lock().unwrap() = Some(file);
            return Ok(());
        }
        Self::wait(self.forked()?)
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        if self.is_maker() {
            let file = self.open()?;
            let got = Self::attempt(&file)?;
            if got {
                *self.held.lock().unwrap() = Some(file);
            }
            return Ok(got);
        }
        Self::attempt(self.forked()?)
    }

    pub fn release(&self) -> io::Result<()> {
        if self.is_maker() {
            *self.held.lock().unwrap() = None; // closed
            return Ok(());
        }
        self.forked()?.unlock()
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
