use std::io;

use std::cell::UnsafeCell;
use std::mem::size_of;
use std::thread;

pub struct Semaphore {
    sem: *const UnsafeCell<libc::sem_t>,
}

fn ok_or_errno(r: i32) -> io::Result<()> {
    if r == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let mem = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                size_of::<libc::sem_t>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if mem == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        ok_or_errno(unsafe { libc::sem_init(mem.cast(), 1, permits as u32) })?;
        Ok(Semaphore { sem: mem.cast_const().cast() })
    }

    fn raw(&self) -> *mut libc::sem_t {
        unsafe { (*self.sem).get() }
    }

    pub fn acquire(&self) -> io::Result<()> {
        loop {
            match ok_or_errno(unsafe { libc::sem_wait(self.raw()) }) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                other => return other,
            }
        }
    }

    pub fn release(&self) -> io::Result<()> {
        ok_or_errno(unsafe { libc::sem_post(self.raw()) })
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut n = 0;
        ok_or_errno(unsafe { libc::sem_getvalue(self.raw(), &mut n) })?;
        Ok(n as usize)
    }
}

/// Gives the permit back if the job panics.
struct InCaseOfPanic<'a>(&'a Semaphore);

impl Drop for InCaseOfPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let _ = self.0.release();
        }
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let _guard = InCaseOfPanic(semaphore);
    let result = job();
    semaphore.release()?;
    result
}
