//! Semáforo entre procesos con un eventfd.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};

pub struct Semaphore {
    contador: File,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        // SAFETY: eventfd only takes numbers; the descriptor that it returns is ours alone.
        let contador = unsafe {
            let fd = libc::eventfd(permits as libc::c_uint, libc::EFD_SEMAPHORE);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            File::from_raw_fd(fd)
        };
        Ok(Semaphore { contador })
    }

    pub fn acquire(&self) -> io::Result<()> {
        let mut uno = [0; 8];
        (&self.contador).read_exact(&mut uno)
    }

    pub fn release(&self) -> io::Result<()> {
        (&self.contador).write_all(&1u64.to_ne_bytes())
    }

    pub fn value(&self) -> io::Result<usize> {
        // the kernel shows the counter of an eventfd here, in hexadecimal
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", self.contador.as_raw_fd()))?;
        for line in info.lines() {
            if let Some(count) = line.strip_prefix("eventfd-count:") {
                return usize::from_str_radix(count.trim(), 16).map_err(io::Error::other);
            }
        }
        Err(io::Error::from(io::ErrorKind::NotFound))
    }
}

struct Permiso<'a>(&'a Semaphore);

impl<'a> Permiso<'a> {
    fn nuevo(semaphore: &'a Semaphore) -> io::Result<Self> {
        semaphore.acquire()?;
        Ok(Permiso(semaphore))
    }
}

impl Drop for Permiso<'_> {
    fn drop(&mut self) {
        let _ = self.0.release();
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let _permiso = Permiso::nuevo(semaphore)?;
    job()
}
