//! A parallel map whose results lie in memory that all workers share.

use std::io;
use std::num::NonZeroUsize;
use std::process::exit;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

static NEXT: std::sync::OnceLock<Shared> = std::sync::OnceLock::new();

// SAFETY: it is only read, but for an atomic.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let shared = Shared::new(input.len())?;
    // Made by the first call; all workers draw from it.
    let next = NEXT.get_or_init(|| Shared::new(0).expect("there is memory left"));
    let mut children = Vec::new();
    for _ in 0..workers {
        // SAFETY: this process has a single thread.
        match unsafe { fork() }? {
            ForkResult::Child => {
                work(next, &shared, chunk, input, &task);
                exit(0)
            }
            ForkResult::Parent { child } => children.push(child),
        }
    }
    for child in children {
        match waitpid(child, None)? {
            WaitStatus::Exited(_, 0) => {}
            status => return Err(io::Error::other(format!("a worker failed: {status:?}"))),
        }
    }
    // Waiting for a process is a barrier: all that it wrote is here now.
    Ok(shared.results().iter().map(|number| number.load(Ordering::Relaxed)).collect())
}

fn work(
    next: &Shared,
    shared: &Shared,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) {
    loop {
        let index = next.next().fetch_add(1, Ordering::Relaxed);
        let Some(part) = input.chunks(chunk).nth(index) else { return };
        let places = &shared.results()[index * chunk..];
        for (place, number) in places.iter().zip(task(part)) {
            place.store(number, Ordering::Relaxed);
        }
    }
}

/// The number of the next chunk, and behind it a place for every result.
struct Shared {
    start: NonNull<libc::c_void>,
    length: usize,
}

impl Shared {
    fn new(length: usize) -> io::Result<Shared> {
        let bytes = NonZeroUsize::MIN.saturating_add(7 + 8 * length);
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice overlaps nothing.
        let start = unsafe { mmap_anonymous(None, bytes, protection, MapFlags::MAP_SHARED) }?;
        Ok(Shared { start, length })
    }

    fn next(&self) -> &AtomicUsize {
        // SAFETY: the mapping starts on a page, is zeroed, and lives as long as `self`.
        unsafe { self.start.cast().as_ref() }
    }

    fn results(&self) -> &[AtomicI64] {
        // SAFETY: `length` places follow the first eight bytes.
        unsafe {
            std::slice::from_raw_parts(self.start.as_ptr().cast::<AtomicI64>().add(1), self.length)
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: nothing borrows from the mapping any more.
        let _ = unsafe { munmap(self.start, 8 + 8 * self.length) };
    }
}
