use std::io;
use std::process::id;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

/// Pid of the holder, 0 if it is free.
pub struct ProcessLock {
    holder: &'static AtomicU32,
}

fn is_dead(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return true };
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    matches!(state, Some('Z' | 'X'))
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        let memory = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                4,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(ProcessLock { holder: unsafe { &*memory.cast::<AtomicU32>() } })
    }

    pub fn acquire(&self) -> io::Result<()> {
        loop {
            if self.try_acquire()? {
                return Ok(());
            }
            let holder = self.holder.load(SeqCst);
            if holder != 0 {
                let second = libc::timespec { tv_sec: 1, tv_nsec: 0 };
                unsafe {
                    libc::syscall(
                        libc::SYS_futex,
                        self.holder.as_ptr(),
                        libc::FUTEX_WAIT,
                        holder,
                        &second,
                    );
                }
            }
        }
    }

    pub fn try_acquire(&self) -> io::Result<bool> {
        match self.holder.compare_exchange(0, id(), SeqCst, SeqCst) {
            Ok(_) => Ok(true),
            Err(holder) if holder != id() && is_dead(holder) => {
                Ok(self.holder.compare_exchange(holder, id(), SeqCst, SeqCst).is_ok())
            }
            Err(_) => Ok(false),
        }
    }

    pub fn release(&self) -> io::Result<()> {
        self.holder.store(0, SeqCst);
        unsafe { libc::syscall(libc::SYS_futex, self.holder.as_ptr(), libc::FUTEX_WAKE, 1) };
        Ok(())
    }
}

impl Drop for ProcessLock {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.holder.as_ptr().cast(), 4) };
    }
}

pub fn with_lock<T>(lock: &ProcessLock, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    struct Inside<'a>(&'a ProcessLock);
    impl Drop for Inside<'_> {
        fn drop(&mut self) {
            let _ = self.0.release();
        }
    }
    lock.acquire()?;
    let _inside = Inside(lock);
    job()
}
