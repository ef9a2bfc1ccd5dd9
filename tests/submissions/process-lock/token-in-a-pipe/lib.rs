//! A lock in a pipe: whoever has taken the one byte out of it holds the lock.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

pub struct ProcessLock {
    token: PipeReader,
    back: PipeWriter,
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        let (token, mut back) = io::pipe()?;
        back.write_all(b"t")?;
        Ok(ProcessLock { token, back })
    }

    pub fn acquire(&self) -> io::Result<()> {
        (&self.token).read_exact(&mut [0])
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        let mut polled = [PollFd::new(self.token.as_fd(), PollFlags::POLLIN)];
        let free = poll(&mut polled, PollTimeout::ZERO)? > 0;
        if free {
            self.acquire()?;
        }
        Ok(free)
    }

    pub fn release(&self) -> io::Result<()> {
        (&self.back).write_all(b"t")
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
