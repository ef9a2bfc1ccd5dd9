//! A queue of messages in three pipes that never make anybody sleep by themselves.
//!
//! - `places` holds one byte for each free place: whoever puts takes one out first.
//! - `items` holds one record for each item. All records have the same size, which is far
//!   below `PIPE_BUF`: the kernel writes each as one piece, and whoever asks for exactly that
//!   many bytes gets exactly one record.
//! - `end` is empty until the queue is closed, and then holds one byte that nobody takes.
//!
//! Sleeping is done in `poll`, which waits for two things at once: what is wanted, and the end.

use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

nix::ioctl_read_bad!(bytes_in_pipe, libc::FIONREAD, libc::c_int);

/// The most bytes that an item may have.
pub const LARGEST: usize = 200;

/// The length in one byte, the item, and zeros.
const RECORD: usize = 1 + LARGEST;

/// A first-in-first-out queue of a fixed capacity, shared with every process that is forked
/// after it was made.
pub struct Queue {
    places: Pipe,
    items: Pipe,
    end: Pipe,
}

impl Queue {
    /// An empty queue that holds up to `capacity` items.
    pub fn new(capacity: usize) -> io::Result<Queue> {
        let queue = Queue { places: Pipe::new()?, items: Pipe::new()?, end: Pipe::new()? };
        (&queue.places.to).write_all(&vec![0; capacity])?;
        Ok(queue)
    }

    /// Puts `item` at the end; sleeps while the queue is full.
    pub fn put(&self, item: &[u8]) -> io::Result<()> {
        while !self.try_put(item)? {
            self.places.wait_or(&self.end)?;
        }
        Ok(())
    }

    /// Takes the first item; sleeps while the queue is empty. `None` after the end.
    pub fn get(&self) -> io::Result<Option<Vec<u8>>> {
        loop {
            // In this order: an item that was put before the end is found after it.
            let ended = self.end.is_ready()?;
            let item = self.try_get()?;
            if item.is_some() || ended {
                return Ok(item);
            }
            // Somebody else may be quicker after the waking, so: once more round.
            self.items.wait_or(&self.end)?;
        }
    }

    /// Like [`put`](Queue::put), but returns `false` at once if the queue is full.
    pub fn try_put(&self, item: &[u8]) -> io::Result<bool> {
        if self.end.is_ready()? {
            return Err(ErrorKind::BrokenPipe.into());
        }
        if self.places.take(&mut [0])? {
            if item.len() > LARGEST {
                (&self.places.to).write_all(&[0])?;
                return Err(ErrorKind::InvalidInput.into());
            }
            let mut record = [0; RECORD];
            record[0] = item.len() as u8;
            record[1..=item.len()].copy_from_slice(item);
            // One write: two of them could have another writer's between them.
            (&self.items.to).write_all(&record)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Like [`get`](Queue::get), but returns `None` at once if the queue is empty.
    pub fn try_get(&self) -> io::Result<Option<Vec<u8>>> {
        let mut record = [0; RECORD];
        if !self.items.take(&mut record)? {
            return Ok(None);
        }
        (&self.places.to).write_all(&[0])?;
        Ok(Some(record[1..=usize::from(record[0])].to_vec()))
    }

    /// How many items are in the queue at the moment; takes none and never waits.
    pub fn count(&self) -> io::Result<usize> {
        let mut bytes = 0;
        // SAFETY: the descriptor is open, and FIONREAD writes one int to a valid place.
        unsafe { bytes_in_pipe(self.items.from.as_raw_fd(), &mut bytes) }?;
        Ok(bytes as usize / RECORD)
    }

    /// No more items will be put.
    pub fn close(&self) -> io::Result<()> {
        (&self.end.to).write_all(&[0])
    }
}

/// A pipe whose readers never sleep.
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

    /// Takes exactly as much as `into` holds; `false` if the pipe is empty.
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

    /// Sleeps until this pipe or the other has something.
    fn wait_or(&self, other: &Pipe) -> io::Result<()> {
        let wanted = |pipe| PollFd::new(pipe, PollFlags::POLLIN);
        let mut polled = [wanted(self.from.as_fd()), wanted(other.from.as_fd())];
        match poll(&mut polled, PollTimeout::NONE) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
