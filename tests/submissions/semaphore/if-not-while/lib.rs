use std::cell::UnsafeCell;
use std::io;
use std::mem::zeroed;
use std::ptr::null_mut;

struct Inner {
    mutex: UnsafeCell<libc::pthread_mutex_t>,
    cond: UnsafeCell<libc::pthread_cond_t>,
    value: UnsafeCell<i64>,
}

pub struct Semaphore {
    inner: *mut Inner,
}

fn ok(code: i32) -> io::Result<()> {
    if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(code)) }
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        unsafe {
            let memory = libc::mmap(
                null_mut(),
                size_of::<Inner>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            if memory == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let inner = memory as *mut Inner;
            let mut ma: libc::pthread_mutexattr_t = zeroed();
            ok(libc::pthread_mutexattr_init(&mut ma))?;
            ok(libc::pthread_mutexattr_setpshared(&mut ma, libc::PTHREAD_PROCESS_SHARED))?;
            ok(libc::pthread_mutex_init((*inner).mutex.get(), &ma))?;
            let mut ca: libc::pthread_condattr_t = zeroed();
            ok(libc::pthread_condattr_init(&mut ca))?;
            ok(libc::pthread_condattr_setpshared(&mut ca, libc::PTHREAD_PROCESS_SHARED))?;
            ok(libc::pthread_cond_init((*inner).cond.get(), &ca))?;
            *(*inner).value.get() = permits as i64;
            Ok(Semaphore { inner })
        }
    }

    fn lock(&self) -> io::Result<&Inner> {
        unsafe {
            let inner = &*self.inner;
            ok(libc::pthread_mutex_lock(inner.mutex.get()))?;
            Ok(inner)
        }
    }

    pub fn acquire(&self) -> io::Result<()> {
        let inner = self.lock()?;
        unsafe {
            if *inner.value.get() == 0 {
                ok(libc::pthread_cond_wait(inner.cond.get(), inner.mutex.get()))?;
            }
            *inner.value.get() -= 1;
            ok(libc::pthread_mutex_unlock(inner.mutex.get()))
        }
    }

    pub fn release(&self) -> io::Result<()> {
        let inner = self.lock()?;
        unsafe {
            *inner.value.get() += 1;
            ok(libc::pthread_cond_signal(inner.cond.get()))?;
            ok(libc::pthread_mutex_unlock(inner.mutex.get()))
        }
    }

    pub fn value(&self) -> io::Result<usize> {
        let inner = self.lock()?;
        unsafe {
            let value = *inner.value.get();
            ok(libc::pthread_mutex_unlock(inner.mutex.get()))?;
            Ok(value as usize)
        }
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.inner.cast(), size_of::<Inner>()) };
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    struct Return<'a>(&'a Semaphore);
    impl Drop for Return<'_> {
        fn drop(&mut self) {
            self.0.release().unwrap();
        }
    }
    semaphore.acquire()?;
    let _return = Return(semaphore);
    job()
}
