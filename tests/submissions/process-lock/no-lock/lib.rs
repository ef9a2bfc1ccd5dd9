//! A lock.

use std::io;

pub struct ProcessLock;

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        Ok(ProcessLock)
    }

    pub fn acquire(&self) -> io::Result<()> {
        Ok(())
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        Ok(true)
    }

    pub fn release(&self) -> io::Result<()> {
        Ok(())
    }
}

pub fn with_lock<T>(_lock: &ProcessLock, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    job()
}
