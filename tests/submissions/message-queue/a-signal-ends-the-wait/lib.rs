use std::io;

pub const LARGEST: usize = 200;

use std::cell::Cell;
use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{pipe2, read, write};

nix::ioctl_read_bad!(bytes_in, libc::FIONREAD, libc::c_int);

type Pipe = (OwnedFd, OwnedFd);

pub struct Queue {
    items: Pipe,
    free: Pipe,
    closing: Pipe,
    // once closed, always closed: saves the poll
    known_closed: Cell<bool>,
}

fn new_pipe() -> io::Result<Pipe> {
    Ok(pipe2(OFlag::O_NONBLOCK | OFlag::O_CLOEXEC)?)
}

fn take(pipe: &Pipe, bytes: &mut [u8]) -> io::Result<bool> {
    match read(&pipe.0, bytes) {
        Ok(_) => Ok(true),
        Err(nix::Error::EAGAIN) => Ok(false),
        Err(e) => Err(e.into()),
    }
}

impl Queue {
    pub fn new(capacity: usize) -> io::Result<Queue> {
        let queue = Queue {
            items: new_pipe()?,
            free: new_pipe()?,
            closing: new_pipe()?,
            known_closed: Cell::new(false),
        };
        write(&queue.free.1, &vec![1u8; capacity])?;
        Ok(queue)
    }

    fn is_closed(&self) -> io::Result<bool> {
        if !self.known_closed.get() {
            let mut fds = [PollFd::new(self.closing.0.as_fd(), PollFlags::POLLIN)];
            self.known_closed.set(poll(&mut fds, PollTimeout::ZERO)? > 0);
        }
        Ok(self.known_closed.get())
    }

    fn sleep(&self, on: &Pipe) -> io::Result<()> {
        let mut fds = [
            PollFd::new(on.0.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.closing.0.as_fd(), PollFlags::POLLIN),
        ];
        poll(&mut fds, PollTimeout::NONE)?;
        Ok(())
    }

    pub fn put(&self, item: &[u8]) -> io::Result<()> {
        while !self.try_put(item)? {
            self.sleep(&self.free)?;
        }
        Ok(())
    }

    pub fn get(&self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let closed = self.is_closed()?;
            if let Some(item) = self.try_get()? {
                return Ok(Some(item));
            }
            if closed {
                return Ok(None);
            }
            self.sleep(&self.items)?;
        }
    }

    pub fn try_put(&self, item: &[u8]) -> io::Result<bool> {
        if item.len() > LARGEST {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if self.is_closed()? {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if !take(&self.free, &mut [0])? {
            return Ok(false);
        }
        let mut record = [0u8; LARGEST + 1];
        record[0] = item.len() as u8;
        record[1..item.len() + 1].copy_from_slice(item);
        write(&self.items.1, &record)?;
        Ok(true)
    }

    pub fn try_get(&self) -> io::Result<Option<Vec<u8>>> {
        let mut record = [0u8; LARGEST + 1];
        if !take(&self.items, &mut record)? {
            return Ok(None);
        }
        write(&self.free.1, &[1])?;
        let length = usize::from(record[0]);
        Ok(Some(record[1..length + 1].to_vec()))
    }

    pub fn count(&self) -> io::Result<usize> {
        use std::os::fd::AsRawFd;
        let mut bytes = 0;
        unsafe { bytes_in(self.items.0.as_raw_fd(), &mut bytes) }?;
        Ok(bytes as usize / (LARGEST + 1))
    }

    pub fn close(&self) -> io::Result<()> {
        write(&self.closing.1, &[0])?;
        Ok(())
    }
}
