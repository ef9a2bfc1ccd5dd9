use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::{Mutex, OnceLock};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};

/// One file will do: every lock is a byte in it.
static FILE: OnceLock<File> = OnceLock::new();
static NEXT: Mutex<i64> = Mutex::new(0);

pub struct ProcessLock {
    file: File,
    start: i64,
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        if FILE.get().is_none() {
            let _ = FILE.set(memfd_create("locks", MFdFlags::MFD_CLOEXEC)?.into());
        }
        let mut next = NEXT.lock().unwrap();
        *next += 1;
        // Locks that different processes make must not be the same.
        let start = (i64::from(std::process::id()) << 24) + *next;
        Ok(ProcessLock { file: FILE.get().unwrap().try_clone()?, start })
    }

    fn byte(&self, l_type: i32) -> libc::flock {
        libc::flock {
            l_type: l_type as libc::c_short,
            l_whence: libc::SEEK_SET as libc::c_short,
            l_start: self.start,
            l_len: 1,
            l_pid: 0,
        }
    }

    pub fn acquire(&self) -> io::Result<()> {
        let byte = self.byte(libc::F_WRLCK);
        while let Err(error) = fcntl(self.file.as_fd(), FcntlArg::F_SETLKW(&byte)) {
            if error != Errno::EINTR {
                return Err(error.into());
            }
        }
        Ok(())
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        match fcntl(self.file.as_fd(), FcntlArg::F_SETLK(&self.byte(libc::F_WRLCK))) {
            Ok(_) => Ok(true),
            Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub fn release(&self) -> io::Result<()> {
        fcntl(self.file.as_fd(), FcntlArg::F_SETLK(&self.byte(libc::F_UNLCK)))?;
        Ok(())
    }
}

struct Unlock<'a>(&'a ProcessLock);

impl Drop for Unlock<'_> {
    fn drop(&mut self) {
        self.0.release().expect("the lock is ours");
    }
}

pub fn with_lock<T>(lock: &ProcessLock, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    lock.acquire()?;
    let _unlock = Unlock(lock);
    job()
}
