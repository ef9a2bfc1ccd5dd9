//! A semaphore with a fixed number of permits.

use std::io;

pub struct Semaphore {
    permits: usize,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        Ok(Semaphore { permits })
    }

    pub fn acquire(&self) -> io::Result<()> {
        Ok(())
    }

    pub fn release(&self) -> io::Result<()> {
        Ok(())
    }

    pub fn value(&self) -> io::Result<usize> {
        Ok(self.permits)
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let result = job();
    semaphore.release()?;
    result
}
