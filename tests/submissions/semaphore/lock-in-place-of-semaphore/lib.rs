//! A semaphore for processes, on a pipe that holds a token.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

pub struct Semaphore {
    permits: usize,
    token: (PipeReader, PipeWriter),
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let token = io::pipe()?;
        (&token.1).write_all(b"t")?;
        Ok(Semaphore { permits, token })
    }

    /// Waits for the token and takes it.
    pub fn acquire(&self) -> io::Result<()> {
        (&self.token.0).read_exact(&mut [0])
    }

    /// Puts the token back.
    pub fn release(&self) -> io::Result<()> {
        (&self.token.1).write_all(b"t")
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut token = [PollFd::new(self.token.0.as_fd(), PollFlags::POLLIN)];
        let free = poll(&mut token, PollTimeout::ZERO)? == 1;
        Ok(if free { self.permits } else { 0 })
    }
}

struct Guard<'a> {
    semaphore: &'a Semaphore,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.semaphore.release().expect("the pipe is open");
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let _guard = Guard { semaphore };
    job()
}
