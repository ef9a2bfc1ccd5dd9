//! A mutex of POSIX in shared memory, which is robust: whoever gets it after the death of its
//! holder is told so, and mends it.

use std::io;
use std::mem::{size_of, zeroed};
use std::ptr::null_mut;

pub struct ProcessLock {
    mutex: *mut libc::pthread_mutex_t,
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        let size = size_of::<libc::pthread_mutex_t>();
        // SAFETY: a new mapping overlaps nothing.
        let place = unsafe { libc::mmap(null_mut(), size, protection, flags, -1, 0) };
        if place == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let mutex = place.cast();
        // SAFETY: the memory is large enough and aligned to a page, and the attributes are
        // initialised before they are used.
        unsafe {
            let mut attributes = zeroed();
            libc::pthread_mutexattr_init(&mut attributes);
            libc::pthread_mutexattr_setpshared(&mut attributes, libc::PTHREAD_PROCESS_SHARED);
            libc::pthread_mutexattr_setrobust(&mut attributes, libc::PTHREAD_MUTEX_ROBUST);
            libc::pthread_mutex_init(mutex, &attributes);
        }
        Ok(ProcessLock { mutex })
    }

    /// What a call that took the lock, or did not, has returned.
    fn taken(&self, result: libc::c_int) -> io::Result<bool> {
        match result {
            0 => Ok(true),
            libc::EOWNERDEAD => {
                // SAFETY: this process has just got the mutex.
                unsafe { libc::pthread_mutex_consistent(self.mutex) };
                Ok(true)
            }
            libc::EBUSY => Ok(false),
            error => Err(io::Error::from_raw_os_error(error)),
        }
    }

    pub fn acquire(&self) -> io::Result<()> {
        // SAFETY: initialised in `new`, and never destroyed.
        self.taken(unsafe { libc::pthread_mutex_lock(self.mutex) }).map(drop)
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        // SAFETY: as above.
        match unsafe { libc::pthread_mutex_trylock(self.mutex) } {
            // The lock is ours; its last holder has died.
            0 | libc::EOWNERDEAD => Ok(true),
            libc::EBUSY => Ok(false),
            error => Err(io::Error::from_raw_os_error(error)),
        }
    }

    pub fn release(&self) -> io::Result<()> {
        // SAFETY: as above, and this process holds it.
        self.taken(unsafe { libc::pthread_mutex_unlock(self.mutex) }).map(drop)
    }
}

struct Held<'a>(&'a ProcessLock);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.release().expect("this process holds the lock");
    }
}

pub fn with_lock<T>(lock: &ProcessLock, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    lock.acquire()?;
    let _held = Held(lock);
    job()
}
