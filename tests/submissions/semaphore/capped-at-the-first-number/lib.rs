use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
pub struct Semaphore {
    reader: io::PipeReader,
    writer: io::PipeWriter,
    permits: usize,
}
impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let (reader, writer) = io::pipe()?;
        let semaphore = Semaphore { reader, writer, permits };
        (&semaphore.writer).write_all(&vec![0; permits])?;
        Ok(semaphore)
    }
    pub fn acquire(&self) -> io::Result<()> {
        let mut byte = [0];
        (&self.reader).read_exact(&mut byte)
    }
    pub fn release(&self) -> io::Result<()> {
        if self.value()? < self.permits { (&self.writer).write_all(b"p") } else { Ok(()) }
    }
    pub fn value(&self) -> io::Result<usize> {
        let mut n: libc::c_int = 0;
        match unsafe { libc::ioctl(self.reader.as_raw_fd(), libc::FIONREAD, &mut n) } {
            0 => Ok(n as usize),
            _ => Err(io::Error::last_os_error()),
        }
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
    let _permit = Permit(semaphore);
    job()
}
