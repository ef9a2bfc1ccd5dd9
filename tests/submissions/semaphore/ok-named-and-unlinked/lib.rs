//! A POSIX semaphore under a name that no other run uses.

use std::ffi::CString;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

pub struct Semaphore {
    sem: *mut libc::sem_t,
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let permits = libc::c_uint::try_from(permits).map_err(io::Error::other)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
        let name = CString::new(format!("/semaphore-{}-{}", std::process::id(), now.as_nanos()))?;
        let (create, mode) = (libc::O_CREAT | libc::O_EXCL, 0o600 as libc::c_uint);
        // SAFETY: the name ends in a zero byte, and mode and value follow O_CREAT.
        let sem = unsafe { libc::sem_open(name.as_ptr(), create, mode, permits) };
        if sem == libc::SEM_FAILED {
            return Err(io::Error::last_os_error());
        }
        // Whoever has it open keeps it; a fork inherits the mapping.
        // SAFETY: the name ends in a zero byte.
        check(unsafe { libc::sem_unlink(name.as_ptr()) })?;
        Ok(Semaphore { sem })
    }

    pub fn acquire(&self) -> io::Result<()> {
        loop {
            // SAFETY: the semaphore was opened in `new` and is closed when the process ends.
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
