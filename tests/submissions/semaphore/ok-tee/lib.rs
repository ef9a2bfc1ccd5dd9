use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;

pub struct Semaphore {
    free: PipeReader,
    back: PipeWriter,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let (free, mut back) = io::pipe()?;
        back.write_all(&b"p".repeat(permits))?;
        Ok(Semaphore { free, back })
    }

    pub fn acquire(&self) -> io::Result<()> {
        let mut permit = [0];
        loop {
            match (&self.free).read(&mut permit) {
                Ok(1) => return Ok(()),
                Ok(_) => return Err(ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub fn release(&self) -> io::Result<()> {
        (&self.back).write_all(b"p")
    }

    pub fn value(&self) -> io::Result<usize> {
        let (_copy, into) = io::pipe()?;
        loop {
            // SAFETY: two open descriptors, and plain numbers.
            let copied = unsafe {
                libc::tee(self.free.as_raw_fd(), into.as_raw_fd(), 1 << 16, libc::SPLICE_F_NONBLOCK)
            };
            if copied >= 0 {
                return Ok(copied as usize);
            }
            let error = io::Error::last_os_error();
            match error.kind() {
                ErrorKind::WouldBlock => return Ok(0),
                ErrorKind::Interrupted => {}
                _ => return Err(error),
            }
        }
    }
}

/// A permit that somebody holds.
pub struct Permit<'a>(&'a Semaphore);

impl<'a> Permit<'a> {
    fn of(semaphore: &'a Semaphore) -> io::Result<Self> {
        semaphore.acquire().map(|()| Permit(semaphore))
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.release().unwrap_or_default();
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    Permit::of(semaphore).and_then(|_permit| job())
}
