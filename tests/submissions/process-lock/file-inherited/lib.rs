//! A lock on a file (`flock`).

use std::fs::{self, File, TryLockError};
use std::io;
use std::process::id;

pub struct ProcessLock {
    file: File,
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        let path = std::env::temp_dir().join(format!("process-lock-{}", id()));
        let file = File::create(&path)?;
        fs::remove_file(&path)?;
        Ok(ProcessLock { file })
    }

    pub fn acquire(&self) -> io::Result<()> {
        self.file.lock()
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    pub fn release(&self) -> io::Result<()> {
        self.file.unlock()
    }
}

struct Held<'a>(&'a ProcessLock);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.release().expect("this process holds the lock");
    }
}

pub fn with_lock<T>(lock: &ProcessLock, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    lock.acquire()?;
    let _held = Held(lock);
    job()
}
