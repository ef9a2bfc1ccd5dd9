//! A queue in three pipes.

use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

nix::ioctl_read_bad!(bytes_in_pipe, libc::FIONREAD, libc::c_int);

pub const LARGEST: usize = 200;

const RECORD: usize = 1 + LARGEST;

pub struct Queue {
    places: Pipe,
    items: Pipe,
    end: Pipe,
}

impl Queue {
    pub fn new(capacity: usize) -> io::Result<Queue> {
        let queue = Queue { places: Pipe::new()?, items: Pipe::new()?, end: Pipe::new()? };
        (&queue.places.to).write_all(&vec![0; capacity])?;
        Ok(queue)
    }

    pub fn put(&self, item: &[u8]) -> io::Result<()> {
        while !self.try_put(item)? {
            self.places.wait_or(&self.end)?;
        }
        Ok(())
    }

    pub fn get(&self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let ended = self.end.is_ready()?;
            let item = self.try_get()?;
            if item.is_some() || ended {
                return Ok(item);
            }
            self.items.wait_or(&self.end)?;
        }
    }

    pub fn try_put(&self, item: &[u8]) -> io::Result<bool> {
        if self.end.is_ready()? {
            return Err(ErrorKind::BrokenPipe.into());
        }
        if item.len() > LARGEST {
            return Err(ErrorKind::InvalidInput.into());
        }
        {
            let mut record = [0; RECORD];
            record[0] = item.len() as u8;
            record[1..=item.len()].copy_from_slice(item);
            (&self.items.to).write_all(&record)?;
            Ok(true)
        }
    }

    pub fn try_get(&self) -> io::Result<Option<Vec<u8>>> {
        let mut record = [0; RECORD];
        if !self.items.take(&mut record)? {
            return Ok(None);
        }
        (&self.places.to).write_all(&[0])?;
        Ok(Some(record[1..=usize::from(record[0])].to_vec()))
    }

    pub fn count(&self) -> io::Result<usize> {
        let mut bytes = 0;
        // SAFETY: the descriptor is open, and FIONREAD writes one int to a valid place.
        unsafe { bytes_in_pipe(self.items.from.as_raw_fd(), &mut bytes) }?;
        Ok(bytes as usize / RECORD)
    }

    pub fn close(&self) -> io::Result<()> {
        (&self.end.to).write_all(&[0])
    }
}

struct Pipe {
    from: PipeReader,
    to: PipeWriter,
}

impl Pipe {
    fn new() -> io::Result<Pipe> {
        let (from, to) = io::pipe()?;
        fcntl(&from, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok(Pipe { from, to })
    }

    fn take(&self, into: &mut [u8]) -> io::Result<bool> {
        match (&self.from).read(into) {
            Ok(count) if count == into.len() => Ok(true),
            Ok(_) => Err(ErrorKind::InvalidData.into()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn is_ready(&self) -> io::Result<bool> {
        let mut polled = [PollFd::new(self.from.as_fd(), PollFlags::POLLIN)];
        Ok(poll(&mut polled, PollTimeout::ZERO)? > 0)
    }

    fn wait_or(&self, other: &Pipe) -> io::Result<()> {
        let wanted = |pipe| PollFd::new(pipe, PollFlags::POLLIN);
        let mut polled = [wanted(self.from.as_fd()), wanted(other.from.as_fd())];
        match poll(&mut polled, PollTimeout::NONE) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
