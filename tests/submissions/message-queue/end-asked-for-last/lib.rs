use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

pub const LARGEST: usize = 200;
const RECORD: usize = 1 + LARGEST;

pub struct Queue {
    items: (PipeReader, PipeWriter),
    room: (PipeReader, PipeWriter),
    end: (PipeReader, PipeWriter),
}

fn quick_pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let pipe = io::pipe()?;
    fcntl(&pipe.0, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(pipe)
}

fn readable(ends: &[&PipeReader], timeout: PollTimeout) -> io::Result<Vec<bool>> {
    let mut fds: Vec<_> = ends.iter().map(|r| PollFd::new(r.as_fd(), PollFlags::POLLIN)).collect();
    match poll(&mut fds, timeout) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(e) => return Err(e.into()),
    }
    Ok(fds.iter().map(|fd| fd.any().unwrap_or(false)).collect())
}

fn read_now(mut from: &PipeReader, into: &mut [u8]) -> io::Result<bool> {
    match from.read(into) {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(e) => Err(e),
    }
}

impl Queue {
    pub fn new(capacity: usize) -> io::Result<Queue> {
        let queue = Queue { items: quick_pipe()?, room: quick_pipe()?, end: quick_pipe()? };
        (&queue.room.1).write_all(&vec![0; capacity])?;
        Ok(queue)
    }

    fn ended(&self) -> io::Result<bool> {
        Ok(readable(&[&self.end.0], PollTimeout::ZERO)?[0])
    }

    pub fn put(&self, item: &[u8]) -> io::Result<()> {
        while !self.try_put(item)? {
            readable(&[&self.room.0, &self.end.0], PollTimeout::NONE)?;
        }
        Ok(())
    }

    pub fn try_put(&self, item: &[u8]) -> io::Result<bool> {
        if item.len() > LARGEST {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "too large"));
        }
        if self.ended()? {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, "closed"));
        }
        if !read_now(&self.room.0, &mut [0])? {
            return Ok(false);
        }
        let mut record = [0; RECORD];
        record[0] = item.len() as u8;
        record[1..][..item.len()].copy_from_slice(item);
        (&self.items.1).write_all(&record)?;
        Ok(true)
    }

    pub fn get(&self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(item) = self.try_get()? {
                return Ok(Some(item));
            }
            // Nothing there: wait for an item or the end.
            if readable(&[&self.items.0, &self.end.0], PollTimeout::NONE)?[1] {
                return Ok(None);
            }
        }
    }

    pub fn try_get(&self) -> io::Result<Option<Vec<u8>>> {
        let mut record = [0; RECORD];
        if !read_now(&self.items.0, &mut record)? {
            return Ok(None);
        }
        (&self.room.1).write_all(&[0])?;
        Ok(Some(record[1..][..record[0] as usize].to_vec()))
    }

    pub fn count(&self) -> io::Result<usize> {
        let mut bytes: libc::c_int = 0;
        if unsafe { libc::ioctl(self.items.0.as_raw_fd(), libc::FIONREAD, &mut bytes) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(bytes as usize / RECORD)
    }

    pub fn close(&self) -> io::Result<()> {
        (&self.end.1).write_all(&[0])
    }
}
