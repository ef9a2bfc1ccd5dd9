// Fay, exercise 1

use std::io;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;

pub struct Semaphore {
    pipe: (PipeReader, PipeWriter),
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let mut pipe = io::pipe()?;
        pipe.1.write_all(&vec![b'x'; permits])?;
        Ok(Semaphore { pipe })
    }

    pub fn acquire(&self) -> io::Result<()> {
        let mut one = [0];
        (&self.pipe.0).read_exact(&mut one)
    }

    pub fn release(&self) -> io::Result<()> {
        (&self.pipe.1).write_all(b"x")
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut bytes: libc::c_int = 0;
        if unsafe { libc::ioctl(self.pipe.0.as_raw_fd(), libc::FIONREAD, &mut bytes) } == -1 {
            return Err(io::Error::last_os_error());
        }
        Ok(bytes as usize)
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    match job() {
        Ok(value) => Ok(value),
        Err(error) => {
            // give it back when something goes wrong
            semaphore.release()?;
            Err(error)
        }
    }
}
