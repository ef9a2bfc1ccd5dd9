//! A semaphore in a pipe: every byte in it is a permit.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;

pub struct Semaphore {
    reader: PipeReader,
    writer: PipeWriter,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let (reader, mut writer) = io::pipe()?;
        writer.write_all(&vec![b'p'; permits])?;
        Ok(Semaphore { reader, writer })
    }

    pub fn acquire(&self) -> io::Result<()> {
        let mut byte = [0; 1];
        (&self.reader).read_exact(&mut byte)
    }

    pub fn release(&self) -> io::Result<()> {
        (&self.writer).write_all(b"p")
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut available: libc::c_int = 0;
        // SAFETY: the pipe is open and `available` lives until the call returns.
        let result =
            unsafe { libc::ioctl(self.reader.as_raw_fd(), libc::FIONREAD, &mut available) };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(available as usize) }
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let result = job();
    semaphore.release()?;
    result
}
