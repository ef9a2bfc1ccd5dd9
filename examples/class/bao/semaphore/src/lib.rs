use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;

pub struct Semaphore {
    r: PipeReader,
    w: PipeWriter,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let (r, mut w) = io::pipe()?;
        for _ in 0..permits {
            w.write_all(b"*")?;
        }
        Ok(Semaphore { r, w })
    }

    pub fn acquire(&self) -> io::Result<()> {
        let mut buf = [0u8; 1];
        (&self.r).read_exact(&mut buf)?;
        Ok(())
    }

    pub fn release(&self) -> io::Result<()> {
        (&self.w).write_all(b"*")?;
        Ok(())
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut n: i32 = 0;
        unsafe {
            if libc::ioctl(self.r.as_raw_fd(), libc::FIONREAD, &mut n) < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(n as usize)
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let result = job();
    // release first, then look at the result
    semaphore.release()?;
    result
}
