use std::io;

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd};
use std::sync::Mutex;

pub struct ProcessLock {
    file: File,
    path: String,
    /// The open file of this process while it has the lock.
    locked: Mutex<Option<File>>,
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        let fd = unsafe { libc::memfd_create(c"lock".as_ptr(), 0) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        let file = unsafe { File::from_raw_fd(fd) };
        // every process has to open it for itself: under this name it is to be found
        let path = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
        Ok(ProcessLock { file, path, locked: Mutex::new(None) })
    }

    fn flock(&self, how: i32) -> io::Result<File> {
        let file = File::options().read(true).write(true).open(&self.path)?;
        while unsafe { libc::flock(file.as_raw_fd(), how) } != 0 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        Ok(file)
    }

    pub fn acquire(&self) -> io::Result<()> {
        let file = self.flock(libc::LOCK_EX)?;
        *self.locked.lock().unwrap() = Some(file);
        Ok(())
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        match self.flock(libc::LOCK_EX | libc::LOCK_NB) {
            Ok(file) => {
                *self.locked.lock().unwrap() = Some(file);
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub fn release(&self) -> io::Result<()> {
        self.locked.lock().unwrap().take();
        let _ = &self.file;
        Ok(())
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
