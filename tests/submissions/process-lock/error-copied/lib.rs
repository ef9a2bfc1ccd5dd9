use std::io;
use std::os::fd::AsRawFd;
use std::panic;

pub struct ProcessLock {
    file: std::fs::File,
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        let fd = unsafe { libc::memfd_create(c"lock".as_ptr(), libc::MFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(ProcessLock { file: unsafe { std::os::fd::FromRawFd::from_raw_fd(fd) } })
    }

    fn fcntl(&self, command: i32, kind: i32) -> io::Result<()> {
        let mut lock: libc::flock = unsafe { std::mem::zeroed() };
        lock.l_type = kind as i16;
        loop {
            if unsafe { libc::fcntl(self.file.as_raw_fd(), command, &lock) } == 0 {
                return Ok(());
            }
            let error = io::Error::last_os_error();
            if error.raw_os_error() != Some(libc::EINTR) {
                return Err(error);
            }
        }
    }

    pub fn acquire(&self) -> io::Result<()> {
        self.fcntl(libc::F_SETLKW, libc::F_WRLCK)
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        match self.fcntl(libc::F_SETLK, libc::F_WRLCK) {
            Ok(()) => Ok(true),
            Err(e) if [libc::EAGAIN, libc::EACCES].contains(&e.raw_os_error().unwrap_or(0)) => {
                Ok(false)
            }
            Err(e) => Err(e),
        }
    }

    pub fn release(&self) -> io::Result<()> {
        self.fcntl(libc::F_SETLK, libc::F_UNLCK)
    }
}

pub fn with_lock<T>(lock: &ProcessLock, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    lock.acquire()?;
    // The job's own error is not unwind safe, so only what it says leaves.
    let mut panicked = true;
    let result = panic::catch_unwind(panic::AssertUnwindSafe(|| {
        let result = job().map_err(|error| (error.kind(), error.to_string()));
        panicked = false;
        result
    }));
    lock.release()?;
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err((kind, text))) => Err(io::Error::new(kind, text)),
        Err(payload) => panic::resume_unwind(payload),
    }
}
