//! A semaphore in a non-blocking pair of sockets.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

pub struct Semaphore {
    take: UnixStream,
    give: UnixStream,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let (take, give) = UnixStream::pair()?;
        take.set_nonblocking(true)?;
        let semaphore = Semaphore { take, give };
        for _ in 0..permits {
            semaphore.release()?;
        }
        Ok(semaphore)
    }

    fn try_acquire(&self) -> io::Result<bool> {
        match (&self.take).read(&mut [0]) {
            Ok(count) => Ok(count == 1),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub fn acquire(&self) -> io::Result<()> {
        while !self.try_acquire()? {
            let mut ready = [PollFd::new(self.take.as_fd(), PollFlags::POLLIN)];
            poll(&mut ready, PollTimeout::NONE)?;
        }
        Ok(())
    }

    pub fn release(&self) -> io::Result<()> {
        (&self.give).write_all(&[1])
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut count = 0;
        while self.try_acquire()? {
            count += 1;
        }
        Ok(count)
    }
}

struct Guard<'a> {
    semaphore: &'a Semaphore,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.semaphore.release().expect("the sockets are open");
    }
}

pub fn with_permit<T>(
    semaphore: &Semaphore,
    job: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    semaphore.acquire()?;
    let _guard = Guard { semaphore };
    job()
}
