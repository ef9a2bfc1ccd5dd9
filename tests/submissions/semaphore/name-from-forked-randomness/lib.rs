use std::io;

use std::collections::hash_map::RandomState;
use std::ffi::CString;
use std::hash::{BuildHasher, Hasher};

/// A named semaphore of POSIX. The name goes when the one that made it drops it, which is the last.
pub struct Semaphore {
    sem: *mut libc::sem_t,
    name: CString,
    maker: u32,
}

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let name = CString::new(format!("/semaphore-{:016x}", random()))?;
        let sem = unsafe {
            libc::sem_open(
                name.as_ptr(),
                libc::O_CREAT,
                0o600 as libc::mode_t,
                permits as libc::c_uint,
            )
        };
        if sem == libc::SEM_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Semaphore { sem, name, maker: std::process::id() })
    }

    pub fn acquire(&self) -> io::Result<()> {
        loop {
            if unsafe { libc::sem_wait(self.sem) } == 0 {
                return Ok(());
            }
            let e = io::Error::last_os_error();
            if e.kind() != io::ErrorKind::Interrupted {
                return Err(e);
            }
        }
    }

    pub fn release(&self) -> io::Result<()> {
        match unsafe { libc::sem_post(self.sem) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut n: i32 = 0;
        match unsafe { libc::sem_getvalue(self.sem, &mut n) } {
            0 => Ok(n as usize),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        unsafe {
            libc::sem_close(self.sem);
            if self.maker == std::process::id() {
                libc::sem_unlink(self.name.as_ptr());
            }
        }
    }
}

struct Permit<'a>(&'a Semaphore);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let _ = self.0.release();
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let _permit = Permit(semaphore);
    job()
}
