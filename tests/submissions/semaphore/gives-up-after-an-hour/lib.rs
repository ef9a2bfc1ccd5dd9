use std::io;
use std::mem::MaybeUninit;
use std::time::{Duration, SystemTime};

/// Nobody works longer than that.
const LONG: Duration = Duration::from_secs(60 * 60);

pub struct Semaphore {
    sem: *mut libc::sem_t,
}

fn check(code: libc::c_int) -> io::Result<()> {
    match code {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let permits = permits.try_into().map_err(|_| io::ErrorKind::InvalidInput)?;
        let memory = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                size_of::<MaybeUninit<libc::sem_t>>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_ANONYMOUS | libc::MAP_SHARED,
                -1,
                0,
            )
        };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let sem = memory.cast();
        check(unsafe { libc::sem_init(sem, 1, permits) })?;
        Ok(Semaphore { sem })
    }

    pub fn acquire(&self) -> io::Result<()> {
        let until = SystemTime::now() + LONG;
        let until = until.duration_since(SystemTime::UNIX_EPOCH).map_err(io::Error::other)?;
        let until = libc::timespec {
            tv_sec: until.as_secs() as libc::time_t,
            tv_nsec: until.subsec_nanos().into(),
        };
        loop {
            match check(unsafe { libc::sem_timedwait(self.sem, &until) }) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    pub fn release(&self) -> io::Result<()> {
        check(unsafe { libc::sem_post(self.sem) })
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut value = 0;
        check(unsafe { libc::sem_getvalue(self.sem, &mut value) })?;
        Ok(value as usize)
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.sem.cast(), size_of::<libc::sem_t>()) };
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    struct Returned<'a>(&'a Semaphore);
    impl Drop for Returned<'_> {
        fn drop(&mut self) {
            let _ = self.0.release();
        }
    }
    semaphore.acquire()?;
    let _returned = Returned(semaphore);
    job()
}
