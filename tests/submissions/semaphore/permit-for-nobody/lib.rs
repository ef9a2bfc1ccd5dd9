use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::num::NonZero;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

pub struct Semaphore {
    // > 0: permits; < 0: so many wait
    count: NonNull<AtomicI32>,
    from: PipeReader,
    to: PipeWriter,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let (from, to) = io::pipe()?;
        let count = unsafe {
            mmap_anonymous(
                None,
                NonZero::new(4).unwrap(),
                ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
                MapFlags::MAP_SHARED,
            )?
        };
        let semaphore = Semaphore { count: count.cast(), from, to };
        semaphore.count().store(permits as i32, SeqCst);
        Ok(semaphore)
    }

    fn count(&self) -> &AtomicI32 {
        unsafe { self.count.as_ref() }
    }

    pub fn acquire(&self) -> io::Result<()> {
        if self.count().fetch_sub(1, SeqCst) <= 0 {
            // none was left: wait for a byte
            (&self.from).read_exact(&mut [0; 1])?;
        }
        Ok(())
    }

    pub fn release(&self) -> io::Result<()> {
        if self.count().fetch_add(1, SeqCst) <= 0 {
            // none was left: somebody waits
            (&self.to).write_all(&[0; 1])?;
        }
        Ok(())
    }

    pub fn value(&self) -> io::Result<usize> {
        Ok(usize::try_from(self.count().load(SeqCst)).unwrap_or(0))
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        let _ = unsafe { munmap(self.count.cast(), 4) };
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    struct Permit<'a>(&'a Semaphore);
    impl Drop for Permit<'_> {
        fn drop(&mut self) {
            self.0.release().expect("the pipe is open");
        }
    }
    semaphore.acquire()?;
    let _permit = Permit(semaphore);
    job()
}
