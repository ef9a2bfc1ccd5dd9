use std::io;

use std::mem::size_of;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

#[repr(C)]
struct State {
    mutex: libc::pthread_mutex_t,
    free: usize,
    waiting: usize,
}

pub struct Semaphore {
    state: *mut State,
    /// Permits on their way to somebody who waits.
    handed: OwnedFd,
}

struct Guard<'a>(&'a Semaphore);

impl Guard<'_> {
    fn state(&mut self) -> &mut State {
        unsafe { &mut *self.0.state }
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        unsafe { libc::pthread_mutex_unlock(&raw mut (*self.0.state).mutex) };
    }
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        unsafe {
            let fd = libc::eventfd(0, libc::EFD_SEMAPHORE | libc::EFD_CLOEXEC);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            let handed = OwnedFd::from_raw_fd(fd);
            let state = libc::mmap(
                std::ptr::null_mut(),
                size_of::<State>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            if state == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let state: *mut State = state.cast();
            let mut attr = std::mem::zeroed();
            libc::pthread_mutexattr_init(&mut attr);
            libc::pthread_mutexattr_setpshared(&mut attr, libc::PTHREAD_PROCESS_SHARED);
            libc::pthread_mutex_init(&raw mut (*state).mutex, &attr);
            (*state).free = permits;
            Ok(Semaphore { state, handed })
        }
    }

    fn lock(&self) -> Guard<'_> {
        unsafe { libc::pthread_mutex_lock(&raw mut (*self.state).mutex) };
        Guard(self)
    }

    pub fn acquire(&self) -> io::Result<()> {
        loop {
            {
                let mut guard = self.lock();
                if guard.state().free > 0 {
                    guard.state().free -= 1;
                    return Ok(());
                }
                guard.state().waiting += 1;
            }
            let mut one = 0u64;
            if unsafe { libc::read(self.handed.as_raw_fd(), (&raw mut one).cast(), 8) } == 8 {
                return Ok(());
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
            // a signal: once more
        }
    }

    pub fn release(&self) -> io::Result<()> {
        let mut guard = self.lock();
        if guard.state().waiting == 0 {
            guard.state().free += 1;
            return Ok(());
        }
        guard.state().waiting -= 1;
        let one = 1u64;
        if unsafe { libc::write(self.handed.as_raw_fd(), (&raw const one).cast(), 8) } != 8 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    pub fn value(&self) -> io::Result<usize> {
        Ok(self.lock().state().free)
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.state.cast(), size_of::<State>()) };
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    struct Permit<'a>(&'a Semaphore);
    impl Drop for Permit<'_> {
        fn drop(&mut self) {
            self.0.release().ok();
        }
    }
    semaphore.acquire()?;
    let _permit = Permit(semaphore);
    job()
}
