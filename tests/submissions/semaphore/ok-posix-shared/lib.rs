//! A POSIX semaphore in memory that is mapped before the fork.

use std::io;
use std::mem::size_of;
use std::ptr::null_mut;

pub struct Semaphore {
    sem: *mut libc::sem_t,
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let permits = u32::try_from(permits).map_err(io::Error::other)?;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping at an address of the kernel's choice overlaps nothing.
        let place =
            unsafe { libc::mmap(null_mut(), size_of::<libc::sem_t>(), protection, flags, -1, 0) };
        if place == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let sem = place.cast::<libc::sem_t>();
        // SAFETY: `sem` is writable, aligned to a page, and large enough; 1 asks for sharing
        // between processes.
        check(unsafe { libc::sem_init(sem, 1, permits) })?;
        Ok(Semaphore { sem })
    }

    pub fn acquire(&self) -> io::Result<()> {
        loop {
            // SAFETY: the semaphore was initialised in `new` and is never destroyed.
            match check(unsafe { libc::sem_wait(self.sem) }) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }

    pub fn release(&self) -> io::Result<()> {
        // SAFETY: as in `acquire`.
        check(unsafe { libc::sem_post(self.sem) })
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut value = 0;
        // SAFETY: as in `acquire`, and `value` lives until the call returns.
        check(unsafe { libc::sem_getvalue(self.sem, &mut value) })?;
        usize::try_from(value).map_err(io::Error::other)
    }
}

struct Guard<'a> {
    semaphore: &'a Semaphore,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.semaphore.release().expect("the value is far from its limit");
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let _guard = Guard { semaphore };
    job()
}
