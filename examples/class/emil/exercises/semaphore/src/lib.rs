//! A counting semaphore that works between processes.

use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

/// Tokens lie in one end of a socket pair and are put in at the other.
pub struct Semaphore {
    shop: UnixStream,
    door: UnixStream,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let (shop, door) = UnixStream::pair()?;
        let semaphore = Semaphore { shop, door };
        for _ in 0..permits {
            semaphore.release()?;
        }
        Ok(semaphore)
    }

    pub fn acquire(&self) -> io::Result<()> {
        (&self.shop).read_exact(&mut [0])
    }

    pub fn release(&self) -> io::Result<()> {
        (&self.door).write_all(&[0])
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut count = 0;
        let result = unsafe { libc::ioctl(self.shop.as_raw_fd(), libc::FIONREAD, &mut count) };
        nix::errno::Errno::result(result)?;
        Ok(count as usize)
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    // a panic has to give the token back as well
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
    semaphore.release()?;
    match result {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
