//! A counting semaphore that works between processes: a pipe with one byte per permit.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;

nix::ioctl_read_bad!(bytes_in_pipe, libc::FIONREAD, libc::c_int);

/// A number of permits, shared with every process that is forked after it was made.
///
/// A process that drops it takes it from no other.
///
/// The kernel keeps the count (bytes in the pipe), puts to sleep whoever finds
/// the pipe empty, and frees the pipe when the last process that has it open ends.
pub struct Semaphore {
    free: PipeReader,
    back: PipeWriter,
}

impl Semaphore {
    /// A semaphore with `permits` permits, none of them taken.
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let (free, mut back) = io::pipe()?;
        back.write_all(&vec![0; permits])?;
        Ok(Semaphore { free, back })
    }

    /// Takes one permit; sleeps until there is one.
    pub fn acquire(&self) -> io::Result<()> {
        // Exactly one byte: whoever reads more takes the permits of others.
        let _ = (&self.free).read(&mut [0]);
        Ok(())
    }

    /// Gives one permit back, and wakes one process that waits for it.
    pub fn release(&self) -> io::Result<()> {
        (&self.back).write_all(&[0])
    }

    /// How many permits are free at the moment; takes none and never waits.
    pub fn value(&self) -> io::Result<usize> {
        let mut bytes = 0;
        // SAFETY: the descriptor is open, and FIONREAD writes one int to a valid place.
        unsafe { bytes_in_pipe(self.free.as_raw_fd(), &mut bytes) }?;
        Ok(bytes as usize)
    }
}

/// Gives its permit back when it goes out of scope, in a panic too.
struct Permit<'a>(&'a Semaphore);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        // A write of one byte to a pipe that is open and not full cannot fail.
        let _ = self.0.release();
    }
}

/// Does `job` while holding a permit of `semaphore`.
pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let _permit = Permit(semaphore);
    job()
}
