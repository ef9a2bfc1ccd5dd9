//! Whoever can make the file holds the lock, and removes it afterwards.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::process::id;
use std::thread;

pub struct ProcessLock {
    path: PathBuf,
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        Ok(ProcessLock { path: std::env::temp_dir().join(format!("lock-{}", id())) })
    }

    pub fn acquire(&self) -> io::Result<()> {
        while !self.try_acquire()? {
            thread::yield_now();
        }
        Ok(())
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        match File::create_new(&self.path) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub fn release(&self) -> io::Result<()> {
        fs::remove_file(&self.path)
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
