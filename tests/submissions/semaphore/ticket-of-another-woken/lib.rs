use std::io;
use std::num::NonZero;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

#[repr(C)]
struct Desk {
    next: AtomicU32,
    served: AtomicU32,
}

/// First come, first served.
pub struct Semaphore {
    desk: NonNull<Desk>,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let size = NonZero::new(size_of::<Desk>()).unwrap();
        let desk =
            unsafe { mmap_anonymous(None, size, access, MapFlags::MAP_SHARED) }?.cast::<Desk>();
        unsafe { desk.as_ref() }.served.store(permits as u32, SeqCst);
        Ok(Semaphore { desk })
    }

    fn desk(&self) -> &Desk {
        unsafe { self.desk.as_ref() }
    }

    pub fn acquire(&self) -> io::Result<()> {
        let ticket = self.desk().next.fetch_add(1, SeqCst);
        loop {
            let served = self.desk().served.load(SeqCst);
            if served.wrapping_sub(ticket) as i32 > 0 {
                return Ok(());
            }
            let nothing = ptr::null::<libc::timespec>();
            let place = self.desk().served.as_ptr();
            unsafe { libc::syscall(libc::SYS_futex, place, libc::FUTEX_WAIT, served, nothing) };
        }
    }

    pub fn release(&self) -> io::Result<()> {
        self.desk().served.fetch_add(1, SeqCst);
        // the one who has slept longest
        unsafe { libc::syscall(libc::SYS_futex, self.desk().served.as_ptr(), libc::FUTEX_WAKE, 1) };
        Ok(())
    }

    pub fn value(&self) -> io::Result<usize> {
        let next = self.desk().next.load(SeqCst);
        Ok((self.desk().served.load(SeqCst).wrapping_sub(next) as i32).max(0) as usize)
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        let _ = unsafe { munmap(self.desk.cast(), size_of::<Desk>()) };
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
