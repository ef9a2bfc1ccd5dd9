//! Dana: POSIX semaphore in shared memory

use std::io::{Error, Result};

pub struct Semaphore {
    sem: *mut libc::sem_t,
}

fn ok(code: i32) -> Result<()> {
    if code == 0 { Ok(()) } else { Err(Error::last_os_error()) }
}

impl Semaphore {
    pub fn new(permits: usize) -> Result<Semaphore> {
        unsafe {
            let memory = libc::mmap(
                std::ptr::null_mut(),
                std::mem::size_of::<libc::sem_t>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            if memory == libc::MAP_FAILED {
                return Err(Error::last_os_error());
            }
            let sem = memory as *mut libc::sem_t;
            ok(libc::sem_init(sem, 1, permits as u32))?;
            Ok(Semaphore { sem })
        }
    }

    pub fn acquire(&self) -> Result<()> {
        ok(unsafe { libc::sem_wait(self.sem) })
    }

    pub fn release(&self) -> Result<()> {
        ok(unsafe { libc::sem_post(self.sem) })
    }

    pub fn value(&self) -> Result<usize> {
        let mut v = 0;
        ok(unsafe { libc::sem_getvalue(self.sem, &mut v) })?;
        Ok(v as usize)
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> Result<T>) -> Result<T> {
    semaphore.acquire()?;
    let result = job()?;
    semaphore.release()?;
    Ok(result)
}
