//! Items in a pipe, places in a pipe, and two locks: one for whoever takes, one for whoever puts.
//!
//! The locks are record locks on bytes of a file in memory. They belong to processes, and the
//! kernel frees them when their process ends, however it ends.

use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

pub const LARGEST: usize = 200;
const TAKING: i64 = 0;
const PUTTING: i64 = 1;
/// A length that no item has: whoever reads it puts it back for the next.
const END: u8 = 255;

pub struct Queue {
    locks: File,
    places: (PipeReader, PipeWriter),
    items: (PipeReader, PipeWriter),
    closed: (PipeReader, PipeWriter),
}

fn ready(end: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(poll(&mut [PollFd::new(end, PollFlags::POLLIN)], PollTimeout::ZERO)? > 0)
}

/// Until there is something, or a signal came: who calls it looks again.
fn sleep(end: BorrowedFd<'_>) -> io::Result<()> {
    match poll(&mut [PollFd::new(end, PollFlags::POLLIN)], PollTimeout::NONE) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

impl Queue {
    pub fn new(capacity: usize) -> io::Result<Queue> {
        // SAFETY: the name ends with a zero, and no memory is kept.
        let file = unsafe { libc::memfd_create(c"locks".as_ptr(), 0) };
        if file == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new.
        let locks = unsafe { File::from_raw_fd(file) };
        let queue = Queue { locks, places: io::pipe()?, items: io::pipe()?, closed: io::pipe()? };
        queue.locks.set_len(capacity as u64)?;
        (&queue.places.1).write_all(&vec![0; capacity])?;
        Ok(queue)
    }

    fn record(&self, which: i64, kind: libc::c_int) -> libc::flock {
        libc::flock {
            l_type: kind as libc::c_short,
            l_whence: libc::SEEK_SET as libc::c_short,
            l_start: which,
            l_len: 1,
            l_pid: 0,
        }
    }

    fn lock(&self, which: i64) -> io::Result<()> {
        loop {
            match fcntl(&self.locks, FcntlArg::F_SETLKW(&self.record(which, libc::F_WRLCK))) {
                Err(Errno::EINTR) => {}
                done => return Ok(done.map(drop)?),
            }
        }
    }

    fn unlock(&self, which: i64) -> io::Result<()> {
        fcntl(&self.locks, FcntlArg::F_SETLK(&self.record(which, libc::F_UNLCK)))?;
        Ok(())
    }

    fn may_be_put(&self, item: &[u8]) -> io::Result<()> {
        if item.len() > LARGEST {
            return Err(ErrorKind::InvalidInput.into());
        }
        if ready(self.closed.0.as_fd())? {
            return Err(ErrorKind::BrokenPipe.into());
        }
        Ok(())
    }

    /// Both in two pieces, which is sound since the lock is held.
    fn write(&self, item: &[u8]) -> io::Result<()> {
        (&self.places.0).read_exact(&mut [0])?;
        (&self.items.1).write_all(&[item.len() as u8])?;
        (&self.items.1).write_all(item)
    }

    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        let mut length = [0];
        (&self.items.0).read_exact(&mut length)?;
        if length == [END] {
            (&self.items.1).write_all(&length)?;
            return Ok(None);
        }
        let mut item = vec![0; usize::from(length[0])];
        (&self.items.0).read_exact(&mut item)?;
        (&self.places.1).write_all(&[0])?;
        Ok(Some(item))
    }

    pub fn put(&self, item: &[u8]) -> io::Result<()> {
        while !self.try_put(item)? {
            sleep(self.places.0.as_fd())?;
        }
        Ok(())
    }

    pub fn get(&self) -> io::Result<Option<Vec<u8>>> {
        loop {
            // The end stays there, so whoever comes behind it does not sleep.
            sleep(self.items.0.as_fd())?;
            self.lock(TAKING)?;
            let came = ready(self.items.0.as_fd())?;
            let item = if came { self.read() } else { Ok(None) };
            self.unlock(TAKING)?;
            if came {
                return item;
            }
        }
    }

    pub fn try_put(&self, item: &[u8]) -> io::Result<bool> {
        self.may_be_put(item)?;
        self.lock(PUTTING)?;
        let room = ready(self.places.0.as_fd())?;
        let done = if room { self.write(item) } else { Ok(()) };
        self.unlock(PUTTING)?;
        done.map(|()| room)
    }

    pub fn try_get(&self) -> io::Result<Option<Vec<u8>>> {
        self.lock(TAKING)?;
        let item = if ready(self.items.0.as_fd())? { self.read() } else { Ok(None) };
        self.unlock(TAKING)?;
        item
    }

    pub fn count(&self) -> io::Result<usize> {
        let mut free: libc::c_int = 0;
        // SAFETY: FIONREAD writes one int to a valid place.
        unsafe {
            libc::ioctl(self.places.0.as_raw_fd(), libc::FIONREAD, &mut free);
        }
        // The file of the locks is as long as the queue is large.
        Ok(self.locks.metadata()?.len() as usize - free as usize)
    }

    pub fn close(&self) -> io::Result<()> {
        (&self.closed.1).write_all(&[0])?;
        (&self.items.1).write_all(&[END])
    }
}
