use std::cell::Cell;
use std::io::{self, Error, PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::AsRawFd;

pub struct Semaphore {
    free: PipeReader,
    back: PipeWriter,
    /// how many permits this process has, so that none is lost when it forgets to release
    held: Cell<usize>,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let (free, back) = pipe()?;
        (&back).write_all(&vec![b'p'; permits])?;
        Ok(Semaphore { free, back, held: Cell::new(0) })
    }

    pub fn acquire(&self) -> io::Result<()> {
        (&self.free).read_exact(&mut [0])?;
        self.held.set(self.held.get() + 1);
        Ok(())
    }

    pub fn release(&self) -> io::Result<()> {
        (&self.back).write_all(b"p")?;
        self.held.set(self.held.get().saturating_sub(1));
        Ok(())
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut bytes: libc::c_int = 0;
        if unsafe { libc::ioctl(self.free.as_raw_fd(), libc::FIONREAD, &mut bytes) } < 0 {
            return Err(Error::last_os_error());
        }
        Ok(bytes as usize)
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        for _ in 0..self.held.get() {
            let _ = (&self.back).write_all(b"p");
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
