//! A counting semaphore: a number under a mutex, and a condition variable for those who wait.

use std::io;
use std::sync::{Condvar, Mutex, PoisonError};

pub struct Semaphore {
    free: Mutex<usize>,
    released: Condvar,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        Ok(Semaphore { free: Mutex::new(permits), released: Condvar::new() })
    }

    pub fn acquire(&self) -> io::Result<()> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.released.wait_while(free, |free| *free == 0);
        *free.unwrap_or_else(PoisonError::into_inner) -= 1;
        Ok(())
    }

    pub fn release(&self) -> io::Result<()> {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.released.notify_one();
        Ok(())
    }

    pub fn value(&self) -> io::Result<usize> {
        Ok(*self.free.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Guard<'a> {
    semaphore: &'a Semaphore,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.semaphore.release().expect("a number can be counted up");
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let _guard = Guard { semaphore };
    job()
}
