use std::cell::Cell;
use std::fs::File;
use std::io;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use nix::sys::memfd::{MFdFlags, memfd_create};

/// Reentrant as Python's RLock: who has it may take it again.
pub struct ProcessLock {
    file: File,
    depth: Cell<u32>,
}

fn whole_file(kind: i32) -> libc::flock {
    libc::flock { l_type: kind as _, l_whence: libc::SEEK_SET as _, l_start: 0, l_len: 0, l_pid: 0 }
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        let file = memfd_create(c"rlock", MFdFlags::MFD_CLOEXEC)?.into();
        Ok(ProcessLock { file, depth: Cell::new(0) })
    }

    pub fn acquire(&self) -> io::Result<()> {
        self.depth.set(self.depth.get() + 1);
        if self.depth.get() > 1 {
            return Ok(());
        }
        loop {
            match fcntl(&self.file, FcntlArg::F_SETLKW(&whole_file(libc::F_WRLCK))) {
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        if self.depth.get() == 0 {
            match fcntl(&self.file, FcntlArg::F_SETLK(&whole_file(libc::F_WRLCK))) {
                Ok(_) => {}
                Err(Errno::EAGAIN | Errno::EACCES) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        self.depth.set(self.depth.get() + 1);
        Ok(true)
    }

    pub fn release(&self) -> io::Result<()> {
        let left = self.depth.get().checked_sub(1).ok_or(Errno::EPERM)?;
        self.depth.set(left);
        if left == 0 {
            fcntl(&self.file, FcntlArg::F_SETLK(&whole_file(libc::F_UNLCK)))?;
        }
        Ok(())
    }
}

pub fn with_lock<T>(lock: &ProcessLock, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    struct Release<'a>(&'a ProcessLock);
    impl Drop for Release<'_> {
        fn drop(&mut self) {
            self.0.release().expect("it is held");
        }
    }
    lock.acquire()?;
    let _release = Release(lock);
    job()
}
