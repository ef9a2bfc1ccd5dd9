use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

pub const LARGEST: usize = 200;
const RECORD: usize = LARGEST + 1;
const END: u8 = 255;
/// More than anybody asks.
const ENDS: usize = 64;

type Pipe = (PipeReader, PipeWriter);

pub struct Queue {
    capacity: usize,
    items: Pipe,
    places: Pipe,
    closed: Pipe,
}

fn pipe() -> io::Result<Pipe> {
    let pipe = io::pipe()?;
    fcntl(&pipe.0, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(pipe)
}

fn bytes_in(pipe: &Pipe) -> io::Result<usize> {
    let mut bytes = 0 as libc::c_int;
    match unsafe { libc::ioctl(pipe.0.as_raw_fd(), libc::FIONREAD, &mut bytes) } {
        0 => Ok(bytes as usize),
        _ => Err(io::Error::last_os_error()),
    }
}

fn take(pipe: &Pipe, bytes: &mut [u8]) -> io::Result<bool> {
    match (&pipe.0).read(bytes) {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(e) => Err(e),
    }
}

fn sleep(pipe: &Pipe) -> io::Result<()> {
    match poll(&mut [PollFd::new(pipe.0.as_fd(), PollFlags::POLLIN)], PollTimeout::NONE) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

impl Queue {
    pub fn new(capacity: usize) -> io::Result<Queue> {
        let queue = Queue { capacity, items: pipe()?, places: pipe()?, closed: pipe()? };
        (&queue.places.1).write_all(&vec![1; capacity])?;
        Ok(queue)
    }

    pub fn put(&self, item: &[u8]) -> io::Result<()> {
        while !self.try_put(item)? {
            sleep(&self.places)?;
        }
        Ok(())
    }

    pub fn get(&self) -> io::Result<Option<Vec<u8>>> {
        let mut record = [0; RECORD];
        while !take(&self.items, &mut record)? {
            sleep(&self.items)?;
        }
        self.opened(record)
    }

    fn opened(&self, record: [u8; RECORD]) -> io::Result<Option<Vec<u8>>> {
        if record[0] == END {
            return Ok(None);
        }
        (&self.places.1).write_all(&[1])?;
        Ok(Some(record[1..=record[0] as usize].to_vec()))
    }

    pub fn try_put(&self, item: &[u8]) -> io::Result<bool> {
        if item.len() > LARGEST || bytes_in(&self.closed)? > 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if !take(&self.places, &mut [0])? {
            return Ok(false);
        }
        let mut record = [0; RECORD];
        record[0] = item.len() as u8;
        record[1..=item.len()].copy_from_slice(item);
        (&self.items.1).write_all(&record)?;
        Ok(true)
    }

    pub fn try_get(&self) -> io::Result<Option<Vec<u8>>> {
        let mut record = [0; RECORD];
        if !take(&self.items, &mut record)? {
            return Ok(None);
        }
        self.opened(record)
    }

    pub fn count(&self) -> io::Result<usize> {
        Ok(self.capacity - bytes_in(&self.places)?)
    }

    pub fn close(&self) -> io::Result<()> {
        (&self.closed.1).write_all(&[1])?;
        for _ in 0..ENDS {
            (&self.items.1).write_all(&[END; RECORD])?;
        }
        Ok(())
    }
}
