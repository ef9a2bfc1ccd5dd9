//! An eventfd as a semaphore: the kernel keeps the number.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};

pub struct Semaphore {
    counter: File,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let permits = libc::c_uint::try_from(permits).map_err(io::Error::other)?;
        // SAFETY: eventfd takes two numbers and touches no memory of ours.
        let descriptor = unsafe { libc::eventfd(permits, libc::EFD_SEMAPHORE) };
        if descriptor == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new, so nobody else owns it.
        let counter = unsafe { File::from_raw_fd(descriptor) };
        Ok(Semaphore { counter })
    }

    pub fn acquire(&self) -> io::Result<()> {
        (&self.counter).read_exact(&mut [0; 8])
    }

    pub fn release(&self) -> io::Result<()> {
        (&self.counter).write_all(&1_u64.to_ne_bytes())
    }

    /// Read from /proc, since reading the eventfd itself would take a permit.
    pub fn value(&self) -> io::Result<usize> {
        let about = fs::read_to_string(format!("/proc/self/fdinfo/{}", self.counter.as_raw_fd()))?;
        let count = about.lines().find_map(|line| line.strip_prefix("eventfd-count:"));
        let count = count.ok_or_else(|| io::Error::other("not an eventfd"))?;
        usize::from_str_radix(count.trim(), 16).map_err(io::Error::other)
    }
}

struct Guard<'a> {
    semaphore: &'a Semaphore,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.semaphore.release().expect("the counter is far from its limit");
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let _guard = Guard { semaphore };
    job()
}
