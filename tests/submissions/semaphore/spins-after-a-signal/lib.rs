use std::io;
use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};

pub struct Semaphore {
    eventfd: EventFd,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let flags = EfdFlags::EFD_SEMAPHORE;
        Ok(Semaphore { eventfd: EventFd::from_value_and_flags(permits as u32, flags)? })
    }

    pub fn acquire(&self) -> io::Result<()> {
        loop {
            match self.eventfd.read() {
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => self.wait_again()?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// A signal came: wait until it is worth to read again.
    fn wait_again(&self) -> io::Result<()> {
        loop {
            let mut fds = [PollFd::new(self.eventfd.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, PollTimeout::ZERO) {
                Ok(0) | Err(Errno::EINTR) => std::thread::yield_now(),
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub fn release(&self) -> io::Result<()> {
        self.eventfd.write(1)?;
        Ok(())
    }

    pub fn value(&self) -> io::Result<usize> {
        let path = format!("/proc/self/fdinfo/{}", self.eventfd.as_fd().as_raw_fd());
        for line in std::fs::read_to_string(path)?.lines() {
            if let Some(("eventfd-count", count)) = line.split_once(':') {
                return usize::from_str_radix(count.trim(), 16).map_err(io::Error::other);
            }
        }
        Err(io::ErrorKind::Unsupported.into())
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    struct Back<'a>(&'a Semaphore);
    impl Drop for Back<'_> {
        fn drop(&mut self) {
            self.0.release().expect("an eventfd takes one more");
        }
    }
    semaphore.acquire()?;
    let _back = Back(semaphore);
    job()
}
