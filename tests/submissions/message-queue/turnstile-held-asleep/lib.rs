use std::io;

pub const LARGEST: usize = 200;

use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

const RECORD: usize = LARGEST + 1;

struct Pipe(PipeReader, PipeWriter);

impl Pipe {
    fn filled(n: usize) -> io::Result<Pipe> {
        let (r, w) = io::pipe()?;
        let pipe = Pipe(r, w);
        (&pipe.1).write_all(&vec![0; n])?;
        Ok(pipe)
    }
    fn non_blocking(self) -> io::Result<Pipe> {
        if unsafe { libc::fcntl(self.0.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(self)
    }
    fn try_read(&self, bytes: &mut [u8]) -> io::Result<bool> {
        loop {
            match (&self.0).read(bytes) {
                Ok(_) => return Ok(true),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }
}

/// One process at a time.
struct Lock(Pipe);
struct Held<'a>(&'a Lock);

impl Lock {
    fn hold(&self) -> io::Result<Held<'_>> {
        (&self.0.0).read_exact(&mut [0])?;
        Ok(Held(self))
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let _ = (&self.0.0.1).write_all(&[0]);
    }
}

pub struct Queue {
    items: Pipe,
    places: Pipe,
    end: Pipe,
    read_lock: Lock,
    write_lock: Lock,
}

impl Queue {
    pub fn new(capacity: usize) -> io::Result<Queue> {
        Ok(Queue {
            items: Pipe::filled(0)?.non_blocking()?,
            places: Pipe::filled(capacity)?.non_blocking()?,
            end: Pipe::filled(0)?,
            read_lock: Lock(Pipe::filled(1)?),
            write_lock: Lock(Pipe::filled(1)?),
        })
    }

    fn wait(&self, first: &Pipe, timeout: PollTimeout) -> io::Result<bool> {
        let mut fds = [
            PollFd::new(first.0.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.end.0.as_fd(), PollFlags::POLLIN),
        ];
        loop {
            match poll(&mut fds, timeout) {
                Err(Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
                Ok(_) => return Ok(fds[1].any().unwrap_or(false)),
            }
        }
    }

    fn closed(&self) -> io::Result<bool> {
        self.wait(&self.end, PollTimeout::ZERO)
    }

    pub fn put(&self, item: &[u8]) -> io::Result<()> {
        if self.try_put(item)? {
            return Ok(());
        }
        let _turn = self.write_lock.hold()?;
        while !self.try_put(item)? {
            self.wait(&self.places, PollTimeout::NONE)?;
        }
        Ok(())
    }

    pub fn get(&self) -> io::Result<Option<Vec<u8>>> {
        let _turn = self.read_lock.hold()?;
        loop {
            let closed = self.closed()?;
            let item = self.try_get()?;
            if item.is_some() || closed {
                return Ok(item);
            }
            self.wait(&self.items, PollTimeout::NONE)?;
        }
    }

    pub fn try_put(&self, item: &[u8]) -> io::Result<bool> {
        if item.len() > LARGEST {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "too large"));
        }
        if self.closed()? {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, "closed"));
        }
        if !self.places.try_read(&mut [0])? {
            return Ok(false);
        }
        let mut record = [0; RECORD];
        record[0] = item.len() as u8;
        record[1..1 + item.len()].copy_from_slice(item);
        (&self.items.1).write_all(&record)?;
        Ok(true)
    }

    pub fn try_get(&self) -> io::Result<Option<Vec<u8>>> {
        let mut record = [0; RECORD];
        if !self.items.try_read(&mut record)? {
            return Ok(None);
        }
        (&self.places.1).write_all(&[0])?;
        Ok(Some(record[1..1 + record[0] as usize].to_vec()))
    }

    pub fn count(&self) -> io::Result<usize> {
        let mut n: libc::c_int = 0;
        if unsafe { libc::ioctl(self.items.0.as_raw_fd(), libc::FIONREAD, &mut n) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(n as usize / RECORD)
    }

    pub fn close(&self) -> io::Result<()> {
        (&self.end.1).write_all(&[0])
    }
}
