//! Semaphore on top of a pipe. One byte in the pipe = one free permit.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::unistd::pipe;

pub struct Semaphore {
    take: File,
    put_back: File,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let (read_end, write_end): (OwnedFd, OwnedFd) = pipe()?;
        let semaphore = Semaphore { take: read_end.into(), put_back: write_end.into() };
        (0..permits).try_for_each(|_| semaphore.release())?;
        Ok(semaphore)
    }

    pub fn acquire(&self) -> io::Result<()> {
        let mut permit = [0u8];
        (&self.take).read_exact(&mut permit)
    }

    pub fn release(&self) -> io::Result<()> {
        (&self.put_back).write_all(&[1u8])
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut waiting: libc::c_int = 0;
        // SAFETY: FIONREAD stores one c_int, and `waiting` is one.
        match unsafe { libc::ioctl(self.take.as_raw_fd(), libc::FIONREAD, &raw mut waiting) } {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(waiting as usize),
        }
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    /// Puts the permit back however we get out of here.
    struct GiveBack<'s>(&'s Semaphore);
    impl Drop for GiveBack<'_> {
        fn drop(&mut self) {
            if let Err(error) = self.0.release() {
                eprintln!("a permit is lost: {error}");
            }
        }
    }

    semaphore.acquire()?;
    let _give_back = GiveBack(semaphore);
    job()
}
