use std::io;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::SeqCst};

#[repr(C)]
struct Shared {
    changes: AtomicU32,
    permits: AtomicU8,
}

pub struct Semaphore {
    shared: &'static Shared,
}

fn futex(word: &AtomicU32, operation: libc::c_int, value: u32) {
    let forever = std::ptr::null::<libc::timespec>();
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), operation, value, forever) };
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let memory = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                size_of::<Shared>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let shared = unsafe { &*memory.cast::<Shared>() };
        shared.permits.store(permits as u8, SeqCst);
        Ok(Semaphore { shared })
    }

    pub fn acquire(&self) -> io::Result<()> {
        loop {
            let seen = self.shared.changes.load(SeqCst);
            let taken = self.shared.permits.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1));
            if taken.is_ok() {
                return Ok(());
            }
            futex(&self.shared.changes, libc::FUTEX_WAIT, seen);
        }
    }

    pub fn release(&self) -> io::Result<()> {
        self.shared.permits.fetch_add(1, SeqCst);
        self.shared.changes.fetch_add(1, SeqCst);
        futex(&self.shared.changes, libc::FUTEX_WAKE, 1);
        Ok(())
    }

    pub fn value(&self) -> io::Result<usize> {
        Ok(usize::from(self.shared.permits.load(SeqCst)))
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        let place = std::ptr::from_ref(self.shared).cast_mut();
        unsafe { libc::munmap(place.cast(), size_of::<Shared>()) };
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    struct Held<'a>(&'a Semaphore);
    impl Drop for Held<'_> {
        fn drop(&mut self) {
            let _ = self.0.release();
        }
    }
    semaphore.acquire()?;
    let held = Held(semaphore);
    let done = job();
    drop(held);
    done
}
