use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

pub const LARGEST: usize = 200;
const RECORD: usize = LARGEST + 1;

fn nonblocking_pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    fcntl(reader.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok((reader, writer))
}

fn wait_for_one_of(fds: &[BorrowedFd<'_>], timeout: PollTimeout) -> io::Result<Vec<bool>> {
    loop {
        let mut fds: Vec<_> = fds.iter().map(|fd| PollFd::new(*fd, PollFlags::POLLIN)).collect();
        match poll(&mut fds, timeout) {
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => return Ok(fds.iter().map(|fd| fd.any() == Some(true)).collect()),
        }
    }
}

fn would_block<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

fn waiting(fd: i32) -> io::Result<usize> {
    let mut bytes: libc::c_int = 0;
    if unsafe { libc::ioctl(fd, libc::FIONREAD, &mut bytes) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(bytes as usize)
}

fn to_record(item: &[u8]) -> io::Result<[u8; RECORD]> {
    if item.len() > LARGEST {
        return Err(ErrorKind::InvalidInput.into());
    }
    let mut record = [0; RECORD];
    record[0] = item.len() as u8;
    record[1..=item.len()].copy_from_slice(item);
    Ok(record)
}

fn from_record(record: &[u8]) -> Vec<u8> {
    record[1..=record[0] as usize].to_vec()
}

/// Writers are spread over several pipes, so that they are not in one another's way.
const LANES: usize = 4;

pub struct Queue {
    lanes: Vec<(PipeReader, PipeWriter)>,
    places: (PipeReader, PipeWriter),
    end: (PipeReader, PipeWriter),
}

impl Queue {
    pub fn new(capacity: usize) -> io::Result<Queue> {
        let places = nonblocking_pipe()?;
        (&places.1).write_all(&vec![1; capacity])?;
        let lanes = (0..LANES).map(|_| nonblocking_pipe()).collect::<io::Result<_>>()?;
        Ok(Queue { lanes, places, end: nonblocking_pipe()? })
    }

    fn closed(&self) -> io::Result<bool> {
        Ok(wait_for_one_of(&[self.end.0.as_fd()], PollTimeout::ZERO)?[0])
    }

    /// A writer is always in the same lane, so its items keep their order.
    fn own_lane(&self) -> &PipeWriter {
        &self.lanes[std::process::id() as usize % LANES].1
    }

    pub fn put(&self, item: &[u8]) -> io::Result<()> {
        while !self.try_put(item)? {
            wait_for_one_of(&[self.places.0.as_fd(), self.end.0.as_fd()], PollTimeout::NONE)?;
        }
        Ok(())
    }

    pub fn get(&self) -> io::Result<Option<Vec<u8>>> {
        let mut fds: Vec<_> = self.lanes.iter().map(|lane| lane.0.as_fd()).collect();
        fds.push(self.end.0.as_fd());
        loop {
            let closed = self.closed()?;
            let item = self.try_get()?;
            if item.is_some() || closed {
                return Ok(item);
            }
            wait_for_one_of(&fds, PollTimeout::NONE)?;
        }
    }

    pub fn try_put(&self, item: &[u8]) -> io::Result<bool> {
        let record = to_record(item)?;
        if self.closed()? {
            return Err(ErrorKind::BrokenPipe.into());
        }
        if would_block((&self.places.0).read_exact(&mut [0]))?.is_none() {
            return Ok(false);
        }
        let mut lane = self.own_lane();
        lane.write_all(&record)?;
        Ok(true)
    }

    pub fn try_get(&self) -> io::Result<Option<Vec<u8>>> {
        for (reader, _) in &self.lanes {
            let mut record = [0; RECORD];
            let mut reader = reader;
            if would_block(reader.read_exact(&mut record))?.is_some() {
                (&self.places.1).write_all(&[1])?;
                return Ok(Some(from_record(&record)));
            }
        }
        Ok(None)
    }

    pub fn count(&self) -> io::Result<usize> {
        self.lanes.iter().map(|lane| Ok(waiting(lane.0.as_raw_fd())? / RECORD)).sum()
    }

    pub fn close(&self) -> io::Result<()> {
        (&self.end.1).write_all(&[0])
    }
}
