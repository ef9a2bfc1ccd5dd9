//! A lock on a file (`flock`), which every process opens for itself when it wants the lock.

use std::cell::RefCell;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::PathBuf;
use std::process::id;
use std::sync::atomic::{AtomicUsize, Ordering};

pub struct ProcessLock {
    path: PathBuf,
    maker: u32,
    /// The file that this process has opened and locked.
    held: RefCell<Option<File>>,
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        // A number for each, since a process may make several.
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("process-lock-{}-{number}", id()));
        File::create(&path)?;
        Ok(ProcessLock { path, maker: id(), held: RefCell::new(None) })
    }

    pub fn acquire(&self) -> io::Result<()> {
        let file = File::open(&self.path)?;
        // A signal may come in between.
        while let Err(error) = file.lock() {
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        *self.held.borrow_mut() = Some(file);
        Ok(())
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        let file = File::open(&self.path)?;
        match file.try_lock() {
            Ok(()) => {
                *self.held.borrow_mut() = Some(file);
                Ok(true)
            }
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    pub fn release(&self) -> io::Result<()> {
        // Closing it unlocks it.
        self.held.borrow_mut().take();
        Ok(())
    }
}

impl Drop for ProcessLock {
    fn drop(&mut self) {
        if self.maker == id() {
            let _ = fs::remove_file(&self.path);
        }
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
