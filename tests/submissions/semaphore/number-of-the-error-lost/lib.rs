use std::io;

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};

/// An eventfd to sleep at, and the number beside it for those who ask.
pub struct Semaphore {
    fd: OwnedFd,
    free: *mut AtomicU32,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        unsafe {
            let flags = libc::EFD_SEMAPHORE | libc::EFD_CLOEXEC;
            let fd = libc::eventfd(permits as u32, flags);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            let fd = OwnedFd::from_raw_fd(fd);
            let memory = libc::mmap(
                std::ptr::null_mut(),
                4,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            if memory == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let free: *mut AtomicU32 = memory.cast();
            (*free).store(permits as u32, Ordering::SeqCst);
            Ok(Semaphore { fd, free })
        }
    }

    fn free(&self) -> &AtomicU32 {
        unsafe { &*self.free }
    }

    pub fn acquire(&self) -> io::Result<()> {
        let mut one = [0u8; 8];
        while unsafe { libc::read(self.fd.as_raw_fd(), one.as_mut_ptr().cast(), 8) } < 0 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        self.free().fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }

    pub fn release(&self) -> io::Result<()> {
        // first the number, so that it never gets below zero
        self.free().fetch_add(1, Ordering::SeqCst);
        let one = 1u64.to_ne_bytes();
        if unsafe { libc::write(self.fd.as_raw_fd(), one.as_ptr().cast(), 8) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    pub fn value(&self) -> io::Result<usize> {
        Ok(self.free().load(Ordering::SeqCst) as usize)
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.free.cast(), 4) };
    }
}

/// How a job can end.
enum Outcome<T> {
    Value(T),
    Failed(io::ErrorKind, Option<Box<dyn std::error::Error + Send + Sync>>),
    Panicked(Box<dyn std::any::Any + Send>),
}

impl<T> Outcome<T> {
    fn of(job: impl FnOnce() -> io::Result<T>) -> Self {
        match catch_unwind(AssertUnwindSafe(job)) {
            Ok(Ok(value)) => Outcome::Value(value),
            Ok(Err(error)) => Outcome::Failed(error.kind(), error.into_inner()),
            Err(payload) => Outcome::Panicked(payload),
        }
    }

    fn go_on(self) -> io::Result<T> {
        match self {
            Outcome::Value(value) => Ok(value),
            Outcome::Failed(kind, Some(inner)) => Err(io::Error::new(kind, inner)),
            Outcome::Failed(kind, None) => Err(kind.into()),
            Outcome::Panicked(payload) => resume_unwind(payload),
        }
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let outcome = Outcome::of(job);
    semaphore.release()?;
    outcome.go_on()
}
