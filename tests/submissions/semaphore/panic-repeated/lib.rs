use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

pub struct Semaphore {
    permits: (PipeReader, PipeWriter),
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let pipe = io::pipe()?;
        for _ in 0..permits {
            (&pipe.1).write_all(b"p")?;
        }
        Ok(Semaphore { permits: pipe })
    }

    pub fn acquire(&self) -> io::Result<()> {
        let mut permit = [0u8; 1];
        (&self.permits.0).read_exact(&mut permit)
    }

    pub fn release(&self) -> io::Result<()> {
        (&self.permits.1).write_all(b"p")
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut bytes: libc::c_int = 0;
        let fd = self.permits.0.as_raw_fd();
        // SAFETY: writes one integer
        if unsafe { libc::ioctl(fd, libc::FIONREAD, &raw mut bytes) } == -1 {
            return Err(io::Error::last_os_error());
        }
        Ok(bytes as usize)
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let result = catch_unwind(AssertUnwindSafe(job));
    semaphore.release()?;
    match result {
        Ok(result) => result,
        Err(panic) => {
            // Say again what it said.
            if let Some(text) = panic.downcast_ref::<&str>() {
                panic!("{text}");
            }
            if let Some(text) = panic.downcast_ref::<String>() {
                panic!("{text}");
            }
            resume_unwind(panic)
        }
    }
}
