use std::io;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};

/// An eventfd that counts, and never blocks by itself; `poll` does the sleeping.
pub struct Semaphore {
    fd: EventFd,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let flags = EfdFlags::EFD_SEMAPHORE | EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC;
        Ok(Semaphore { fd: EventFd::from_value_and_flags(permits as u32, flags)? })
    }

    pub fn acquire(&self) -> io::Result<()> {
        loop {
            match self.fd.read() {
                Ok(_) => return Ok(()),
                Err(Errno::EAGAIN) => {
                    let mut fds = [PollFd::new(self.fd.as_fd(), PollFlags::POLLIN)];
                    match poll(&mut fds, PollTimeout::NONE) {
                        Ok(_) | Err(Errno::EINTR) => {}
                        Err(e) => return Err(e.into()),
                    }
                }
                Err(Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
    }

    pub fn release(&self) -> io::Result<()> {
        self.fd.write(1)?;
        Ok(())
    }

    pub fn value(&self) -> io::Result<usize> {
        use std::os::fd::AsRawFd;
        let path = format!("/proc/self/fdinfo/{}", self.fd.as_fd().as_raw_fd());
        let text = std::fs::read_to_string(path)?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("eventfd-count:"))
            .ok_or(io::ErrorKind::InvalidData)?;
        usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)
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
    let permit = Permit(semaphore);
    let result = job();
    drop(permit);
    result
}
