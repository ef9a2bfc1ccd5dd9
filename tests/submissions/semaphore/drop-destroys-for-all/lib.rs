//! A count in shared memory with a mutex and a condition variable between processes.
use std::io;

struct Inner {
    mutex: libc::pthread_mutex_t,
    condition: libc::pthread_cond_t,
    count: usize,
}

pub struct Semaphore {
    inner: *mut Inner,
}

fn ok(code: libc::c_int) -> io::Result<()> {
    match code {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        // SAFETY: the memory is new, shared and zeroed; attributes are initialised before their use.
        unsafe {
            let inner = libc::mmap(
                std::ptr::null_mut(),
                size_of::<Inner>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            if inner == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let inner = inner.cast::<Inner>();
            let mut mutex = std::mem::zeroed();
            ok(libc::pthread_mutexattr_init(&mut mutex))?;
            ok(libc::pthread_mutexattr_setpshared(&mut mutex, libc::PTHREAD_PROCESS_SHARED))?;
            ok(libc::pthread_mutex_init(&raw mut (*inner).mutex, &mutex))?;
            ok(libc::pthread_mutexattr_destroy(&mut mutex))?;
            let mut condition = std::mem::zeroed();
            ok(libc::pthread_condattr_init(&mut condition))?;
            ok(libc::pthread_condattr_setpshared(&mut condition, libc::PTHREAD_PROCESS_SHARED))?;
            ok(libc::pthread_cond_init(&raw mut (*inner).condition, &condition))?;
            ok(libc::pthread_condattr_destroy(&mut condition))?;
            (*inner).count = permits;
            Ok(Semaphore { inner })
        }
    }

    pub fn acquire(&self) -> io::Result<()> {
        // SAFETY: initialised in `new`, and the count is changed under the mutex alone.
        unsafe {
            ok(libc::pthread_mutex_lock(&raw mut (*self.inner).mutex))?;
            while (*self.inner).count == 0 {
                ok(libc::pthread_cond_wait(
                    &raw mut (*self.inner).condition,
                    &raw mut (*self.inner).mutex,
                ))?;
            }
            (*self.inner).count -= 1;
            ok(libc::pthread_mutex_unlock(&raw mut (*self.inner).mutex))
        }
    }

    pub fn release(&self) -> io::Result<()> {
        // SAFETY: as above.
        unsafe {
            ok(libc::pthread_mutex_lock(&raw mut (*self.inner).mutex))?;
            (*self.inner).count += 1;
            ok(libc::pthread_mutex_unlock(&raw mut (*self.inner).mutex))?;
            ok(libc::pthread_cond_signal(&raw mut (*self.inner).condition))
        }
    }

    pub fn value(&self) -> io::Result<usize> {
        // SAFETY: as above.
        unsafe {
            ok(libc::pthread_mutex_lock(&raw mut (*self.inner).mutex))?;
            let count = (*self.inner).count;
            ok(libc::pthread_mutex_unlock(&raw mut (*self.inner).mutex))?;
            Ok(count)
        }
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        // SAFETY: nobody uses it any more.
        unsafe {
            (*self.inner).count = 0;
            libc::pthread_cond_destroy(&raw mut (*self.inner).condition);
            libc::pthread_mutex_destroy(&raw mut (*self.inner).mutex);
        }
        // SAFETY: as above.
        unsafe { libc::munmap(self.inner.cast(), size_of::<Inner>()) };
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    struct Back<'a>(Option<&'a Semaphore>);
    impl Drop for Back<'_> {
        fn drop(&mut self) {
            if let Some(semaphore) = self.0.take() {
                let _ = semaphore.release();
            }
        }
    }
    semaphore.acquire()?;
    let mut back = Back(Some(semaphore));
    let result = job();
    if let Some(semaphore) = back.0.take() {
        semaphore.release()?;
    }
    result
}
