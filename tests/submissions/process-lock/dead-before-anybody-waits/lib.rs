//! A futex that the kernel knows the owner of (FUTEX_LOCK_PI): it hands it on when the owner dies.
use std::io;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

pub struct ProcessLock {
    word: &'static AtomicU32,
}

fn me() -> u32 {
    std::process::id()
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        // SAFETY: a new mapping.
        let place = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                4096,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if place == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: zeroed, never unmapped.
        Ok(ProcessLock { word: unsafe { &*place.cast::<AtomicU32>() } })
    }

    fn call(&self, operation: i32) -> io::Result<()> {
        // SAFETY: the word stays mapped.
        let done = unsafe {
            libc::syscall(
                libc::SYS_futex,
                self.word.as_ptr(),
                operation,
                0,
                std::ptr::null::<libc::timespec>(),
            )
        };
        if done == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Takes it from somebody who has died while nobody waited; says whether it did.
    fn inherit(&self) -> bool {
        let seen = self.word.load(SeqCst);
        let owner = (seen & libc::FUTEX_TID_MASK) as i32;
        if owner == 0 {
            return self.word.compare_exchange(seen, me(), SeqCst, SeqCst).is_ok();
        }
        // SAFETY: no signal is sent.
        let gone = unsafe { libc::kill(owner, 0) } == -1
            && io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH);
        (gone || is_zombie(owner)) && self.word.compare_exchange(seen, me(), SeqCst, SeqCst).is_ok()
    }

    pub fn acquire(&self) -> io::Result<()> {
        loop {
            if self.word.compare_exchange(0, me(), SeqCst, SeqCst).is_ok() {
                return Ok(());
            }
            match self.call(libc::FUTEX_LOCK_PI) {
                Ok(()) => return Ok(()),
                Err(error) => match error.raw_os_error() {
                    Some(libc::EINTR | libc::EAGAIN) => {}
                    _ => return Err(error),
                },
            }
        }
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        if self.word.compare_exchange(0, me(), SeqCst, SeqCst).is_ok() {
            return Ok(true);
        }
        match self.call(libc::FUTEX_TRYLOCK_PI) {
            Ok(()) => Ok(true),
            Err(error) => match error.raw_os_error() {
                Some(libc::EAGAIN | libc::EDEADLK) => Ok(false),
                Some(libc::ESRCH) => Ok(false),
                _ => Err(error),
            },
        }
    }

    pub fn release(&self) -> io::Result<()> {
        if self.word.compare_exchange(me(), 0, SeqCst, SeqCst).is_ok() {
            return Ok(());
        }
        self.call(libc::FUTEX_UNLOCK_PI)
    }
}

fn is_zombie(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['Z', 'X']))
}

pub fn with_lock<T>(lock: &ProcessLock, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    lock.acquire()?;
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
    let released = lock.release();
    match done {
        Ok(Ok(value)) => released.map(|()| value),
        Ok(Err(error)) => Err(error),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
