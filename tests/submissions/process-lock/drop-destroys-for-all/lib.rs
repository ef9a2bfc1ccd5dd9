use std::io;

use std::mem::{size_of, zeroed};
use std::ptr::null_mut;

pub struct ProcessLock {
    mutex: *mut libc::pthread_mutex_t,
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        unsafe {
            let mem = libc::mmap(
                null_mut(),
                size_of::<libc::pthread_mutex_t>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            if mem == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let mutex = mem as *mut libc::pthread_mutex_t;
            let mut attr: libc::pthread_mutexattr_t = zeroed();
            libc::pthread_mutexattr_init(&mut attr);
            libc::pthread_mutexattr_setpshared(&mut attr, libc::PTHREAD_PROCESS_SHARED);
            libc::pthread_mutexattr_setrobust(&mut attr, libc::PTHREAD_MUTEX_ROBUST);
            let r = libc::pthread_mutex_init(mutex, &attr);
            libc::pthread_mutexattr_destroy(&mut attr);
            if r != 0 {
                return Err(io::Error::from_raw_os_error(r));
            }
            Ok(ProcessLock { mutex })
        }
    }

    fn got(&self, r: i32) -> io::Result<bool> {
        if r == libc::EOWNERDEAD {
            unsafe { libc::pthread_mutex_consistent(self.mutex) };
            return Ok(true);
        }
        match r {
            0 => Ok(true),
            libc::EBUSY => Ok(false),
            _ => Err(io::Error::from_raw_os_error(r)),
        }
    }

    pub fn acquire(&self) -> io::Result<()> {
        let r = unsafe { libc::pthread_mutex_lock(self.mutex) };
        self.got(r)?;
        Ok(())
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        let r = unsafe { libc::pthread_mutex_trylock(self.mutex) };
        self.got(r)
    }

    pub fn release(&self) -> io::Result<()> {
        match unsafe { libc::pthread_mutex_unlock(self.mutex) } {
            0 => Ok(()),
            r => Err(io::Error::from_raw_os_error(r)),
        }
    }
}

impl Drop for ProcessLock {
    fn drop(&mut self) {
        // what was made has to be destroyed
        unsafe {
            libc::pthread_mutex_destroy(self.mutex);
            libc::munmap(self.mutex.cast(), size_of::<libc::pthread_mutex_t>());
        }
    }
}

struct Held<'a>(&'a ProcessLock);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let _ = self.0.release();
    }
}

pub fn with_lock<T>(lock: &ProcessLock, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    lock.acquire()?;
    let _held = Held(lock);
    job()
}
