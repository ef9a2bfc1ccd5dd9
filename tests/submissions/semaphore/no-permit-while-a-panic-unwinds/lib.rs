use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::thread;

pub struct Semaphore {
    reader: PipeReader,
    writer: PipeWriter,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let (reader, writer) = io::pipe()?;
        let semaphore = Semaphore { reader, writer };
        for _ in 0..permits {
            semaphore.release()?;
        }
        Ok(semaphore)
    }

    pub fn acquire(&self) -> io::Result<()> {
        (&self.reader).read_exact(&mut [0])
    }

    pub fn release(&self) -> io::Result<()> {
        (&self.writer).write_all(&[0])
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut n: libc::c_int = 0;
        match unsafe { libc::ioctl(self.reader.as_raw_fd(), libc::FIONREAD, &mut n) } {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(n as usize),
        }
    }
}

struct Permit<'a> {
    semaphore: &'a Semaphore,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let _ = self.semaphore.release();
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    // A drop must not block while a panic unwinds: do it without.
    if thread::panicking() {
        return job();
    }
    semaphore.acquire()?;
    let _permit = Permit { semaphore };
    job()
}
