//! A semaphore in a pipe: every byte in it is a permit.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;

nix::ioctl_read_bad!(bytes_in_pipe, libc::FIONREAD, libc::c_int);

pub struct Semaphore {
    free: PipeReader,
    back: PipeWriter,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let (free, mut back) = io::pipe()?;
        back.write_all(&vec![0; permits])?;
        Ok(Semaphore { free, back })
    }

    pub fn acquire(&self) -> io::Result<()> {
        (&self.free).read_exact(&mut [0])
    }

    pub fn release(&self) -> io::Result<()> {
        (&self.back).write_all(&[0])
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut bytes = 0;
        // SAFETY: the descriptor is open, and FIONREAD writes one int to a valid place.
        unsafe { bytes_in_pipe(self.free.as_raw_fd(), &mut bytes) }?;
        Ok(bytes as usize)
    }
}

struct Permit<'a>(&'a Semaphore);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let _ = self.0.release();
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let _ = Permit(semaphore);
    job()
}
