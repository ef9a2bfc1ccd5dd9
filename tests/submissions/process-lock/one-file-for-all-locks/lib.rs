use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::PathBuf;

pub struct ProcessLock {
    file: File,
}

fn path() -> PathBuf {
    std::env::temp_dir().join("process-lock")
}

fn whole(kind: i32) -> libc::flock {
    libc::flock { l_type: kind as i16, l_whence: 0, l_start: 0, l_len: 0, l_pid: 0 }
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        Ok(ProcessLock {
            file: OpenOptions::new().create(true).truncate(false).write(true).open(path())?,
        })
    }
    pub fn acquire(&self) -> io::Result<()> {
        loop {
            match fcntl(&self.file, FcntlArg::F_SETLKW(&whole(libc::F_WRLCK))) {
                Err(Errno::EINTR) => {}
                done => return done.map(drop).map_err(io::Error::from),
            }
        }
    }
    pub fn try_acquire(&self) -> io::Result<bool> {
        match fcntl(&self.file, FcntlArg::F_SETLK(&whole(libc::F_WRLCK))) {
            Ok(_) => Ok(true),
            Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
    pub fn release(&self) -> io::Result<()> {
        fcntl(&self.file, FcntlArg::F_SETLK(&whole(libc::F_UNLCK)))?;
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
