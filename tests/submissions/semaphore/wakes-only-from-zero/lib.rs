//! A number in shared memory; whoever finds it zero sleeps on it as a futex.

use std::io;
use std::mem::size_of;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

pub struct Semaphore {
    free: &'static AtomicU32,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let permits = u32::try_from(permits).map_err(io::Error::other)?;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping at an address of the kernel's choice overlaps nothing.
        let place =
            unsafe { libc::mmap(null_mut(), size_of::<AtomicU32>(), protection, flags, -1, 0) };
        if place == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the page is zeroed, aligned, never unmapped, and only used as an atomic.
        let free = unsafe { &*place.cast::<AtomicU32>() };
        free.store(permits, SeqCst);
        Ok(Semaphore { free })
    }

    pub fn acquire(&self) -> io::Result<()> {
        loop {
            let take_one = |free: u32| free.checked_sub(1);
            if self.free.fetch_update(SeqCst, SeqCst, take_one).is_ok() {
                return Ok(());
            }
            self.sleep_while_zero()?;
        }
    }

    pub fn release(&self) -> io::Result<()> {
        if self.free.fetch_add(1, SeqCst) > 0 {
            // Nobody sleeps while there are permits.
            return Ok(());
        }
        // No FUTEX_PRIVATE_FLAG: those who wait are in other processes.
        // SAFETY: waking looks at the address only as a name.
        let woken =
            unsafe { libc::syscall(libc::SYS_futex, self.free.as_ptr(), libc::FUTEX_WAKE, 1) };
        if woken == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    pub fn value(&self) -> io::Result<usize> {
        Ok(self.free.load(SeqCst) as usize)
    }

    /// Returns after a wake-up, and at once if there is a permit by now.
    fn sleep_while_zero(&self) -> io::Result<()> {
        let forever = null::<libc::timespec>();
        // SAFETY: the address stays mapped, and a null pointer asks for no timeout.
        let slept = unsafe {
            libc::syscall(libc::SYS_futex, self.free.as_ptr(), libc::FUTEX_WAIT, 0, forever)
        };
        if slept == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EAGAIN | libc::EINTR) => Ok(()),
            _ => Err(error),
        }
    }
}

struct Guard<'a> {
    semaphore: &'a Semaphore,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.semaphore.release().expect("the number is far from its limit");
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let _guard = Guard { semaphore };
    job()
}
