use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::memfd::{MFdFlags, memfd_create};

pub const LARGEST: usize = 200;

/// What nobody takes one by one.
const PLENTY: u64 = 1 << 40;
const HEADER: u64 = 32;
const RECORD: u64 = 1 + LARGEST as u64;

/// A number that several processes take from.
struct Tickets(EventFd);

impl Tickets {
    fn new(count: usize) -> io::Result<Self> {
        let flags = EfdFlags::EFD_SEMAPHORE | EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC;
        Ok(Tickets(EventFd::from_value_and_flags(count as u32, flags)?))
    }

    fn try_take(&self) -> io::Result<bool> {
        loop {
            match self.0.read() {
                Ok(_) => return Ok(true),
                Err(Errno::EAGAIN) => return Ok(false),
                Err(Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
    }

    fn take(&self) -> io::Result<()> {
        while !self.try_take()? {
            let mut fds = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, PollTimeout::NONE) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }

    fn give(&self, count: u64) -> io::Result<()> {
        self.0.write(count)?;
        Ok(())
    }
}

pub struct Queue {
    file: File,
    items: Tickets,
    places: Tickets,
    capacity: u64,
}

/// What stands at the beginning of the file.
#[derive(Clone, Copy)]
struct State {
    put: u64,
    got: u64,
    closed: u64,
}

fn record_lock(file: &File, kind: libc::c_int) -> io::Result<()> {
    let mut how: libc::flock = unsafe { std::mem::zeroed() };
    how.l_type = kind as libc::c_short;
    how.l_whence = libc::SEEK_SET as libc::c_short;
    loop {
        match fcntl(file, FcntlArg::F_SETLKW(&how)) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
}

impl Queue {
    pub fn new(capacity: usize) -> io::Result<Queue> {
        let file = File::from(memfd_create("queue", MFdFlags::MFD_CLOEXEC)?);
        file.set_len(HEADER + capacity as u64 * RECORD)?;
        let (items, places) = (Tickets::new(0)?, Tickets::new(capacity)?);
        Ok(Queue { file, items, places, capacity: capacity as u64 })
    }

    fn alone<T>(&self, job: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        record_lock(&self.file, libc::F_WRLCK)?;
        let done = self.state().and_then(|before| {
            let mut state = before;
            let result = job(&mut state)?;
            let words = [state.put, state.got, state.closed].map(u64::to_ne_bytes).concat();
            self.file.write_all_at(&words, 0)?;
            Ok(result)
        });
        record_lock(&self.file, libc::F_UNLCK)?;
        done
    }

    fn state(&self) -> io::Result<State> {
        let mut bytes = [0; 24];
        self.file.read_exact_at(&mut bytes, 0)?;
        let word = |i: usize| u64::from_ne_bytes(bytes[8 * i..8 * i + 8].try_into().unwrap());
        Ok(State { put: word(0), got: word(1), closed: word(2) })
    }

    fn at(&self, number: u64) -> u64 {
        HEADER + number % self.capacity * RECORD
    }

    fn refuse(&self, item: &[u8]) -> io::Result<()> {
        if item.len() > LARGEST {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        match self.alone(|state| Ok(state.closed))? {
            0 => Ok(()),
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn write(&self, item: &[u8]) -> io::Result<()> {
        self.alone(|state| {
            if state.closed != 0 {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let mut record = vec![item.len() as u8];
            record.extend_from_slice(item);
            self.file.write_all_at(&record, self.at(state.put))?;
            state.put += 1;
            Ok(())
        })?;
        self.items.give(1)
    }

    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        let item = self.alone(|state| {
            if state.got == state.put {
                return Ok(None); // one of the many that `close` gave
            }
            let mut record = [0; RECORD as usize];
            self.file.read_exact_at(&mut record, self.at(state.got))?;
            state.got += 1;
            Ok(Some(record[1..][..record[0] as usize].to_vec()))
        })?;
        match item {
            Some(_) => self.places.give(1)?,
            None => self.items.give(1)?,
        }
        Ok(item)
    }

    pub fn put(&self, item: &[u8]) -> io::Result<()> {
        self.refuse(item)?;
        self.places.take()?;
        self.write(item)
    }

    pub fn try_put(&self, item: &[u8]) -> io::Result<bool> {
        self.refuse(item)?;
        if !self.places.try_take()? {
            return Ok(false);
        }
        self.write(item).map(|()| true)
    }

    pub fn get(&self) -> io::Result<Option<Vec<u8>>> {
        self.items.take()?;
        self.read()
    }

    pub fn try_get(&self) -> io::Result<Option<Vec<u8>>> {
        if self.items.try_take()? { self.read() } else { Ok(None) }
    }

    pub fn count(&self) -> io::Result<usize> {
        self.alone(|state| Ok((state.put - state.got) as usize))
    }

    pub fn close(&self) -> io::Result<()> {
        self.alone(|state| {
            state.closed = 1;
            Ok(())
        })?;
        self.items.give(PLENTY)?;
        self.places.give(PLENTY)
    }
}
