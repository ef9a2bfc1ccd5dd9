use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
thread_local! { static TAKEN: std::cell::Cell<usize> = const { std::cell::Cell::new(0) }; }
pub struct Semaphore {
    made: std::cell::Cell<bool>,
    reader: io::PipeReader,
    writer: io::PipeWriter,
}
impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let (reader, writer) = io::pipe()?;
        let semaphore = Semaphore { made: std::cell::Cell::new(false), reader, writer };
        for _ in 0..permits {
            semaphore.release()?;
        }
        semaphore.made.set(true);
        Ok(semaphore)
    }
    fn ready(&self) -> bool {
        self.made.get()
    }
    pub fn acquire(&self) -> io::Result<()> {
        let mut byte = [0];
        TAKEN.set(TAKEN.get() + 1);
        (&self.reader).read_exact(&mut byte)
    }
    pub fn release(&self) -> io::Result<()> {
        if TAKEN.get() == 0 && self.ready() {
            return Err(io::Error::other("not taken by this process"));
        }
        TAKEN.set(TAKEN.get().saturating_sub(1));
        (&self.writer).write_all(b"p")
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
