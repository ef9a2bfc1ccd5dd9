use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
static PIPE: std::sync::OnceLock<(io::PipeReader, io::PipeWriter)> = std::sync::OnceLock::new();
pub struct Semaphore {
    reader: &'static io::PipeReader,
    writer: &'static io::PipeWriter,
}
impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let (reader, writer) = PIPE.get_or_init(|| io::pipe().unwrap());
        let semaphore = Semaphore { reader, writer };
        for _ in 0..permits {
            semaphore.release()?;
        }
        Ok(semaphore)
    }
    pub fn acquire(&self) -> io::Result<()> {
        let mut byte = [0];
        {
            let mut r = self.reader;
            r.read_exact(&mut byte)
        }
    }
    pub fn release(&self) -> io::Result<()> {
        let mut w = self.writer;
        w.write_all(b"p")
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
