use std::io::{self, ErrorKind, PipeReader, PipeWriter, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, Shutdown, SockFlag, SockType, recv, send, shutdown, socketpair,
};

pub const LARGEST: usize = 200;
const RECORD: usize = 1 + LARGEST;

pub struct Queue {
    into: OwnedFd,
    out_of: OwnedFd,
    places: (PipeReader, PipeWriter),
}

fn poll(fds: &mut [libc::pollfd], timeout: i32) -> io::Result<i32> {
    loop {
        match unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as _, timeout) } {
            -1 if Errno::last() == Errno::EINTR => {}
            -1 => return Err(io::Error::last_os_error()),
            n => return Ok(n),
        }
    }
}

fn on(fd: RawFd, events: i16) -> libc::pollfd {
    libc::pollfd { fd, events, revents: 0 }
}

impl Queue {
    pub fn new(capacity: usize) -> io::Result<Queue> {
        let (into, out_of) =
            socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
        let mut places = io::pipe()?;
        let fd = places.0.as_raw_fd();
        // reading ends only: somebody else may take the place that poll has seen
        if unsafe { libc::fcntl(fd, libc::F_SETFL, libc::O_NONBLOCK) } < 0 {
            return Err(io::Error::last_os_error());
        }
        places.1.write_all(&vec![b'p'; capacity])?;
        Ok(Queue { into, out_of, places })
    }

    fn is_closed(&self) -> io::Result<bool> {
        Ok(poll(&mut [on(self.out_of.as_raw_fd(), libc::POLLRDHUP)], 0)? > 0)
    }

    fn take_place(&self) -> io::Result<bool> {
        let mut byte = 0u8;
        match nix::unistd::read(&self.places.0, std::slice::from_mut(&mut byte)) {
            Ok(n) => Ok(n == 1),
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }

    fn give_place(&self) -> io::Result<()> {
        (&self.places.1).write_all(b"p")
    }

    fn check(&self, item: &[u8]) -> io::Result<()> {
        if item.len() > LARGEST {
            return Err(ErrorKind::InvalidInput.into());
        }
        if self.is_closed()? { Err(ErrorKind::NotConnected.into()) } else { Ok(()) }
    }

    pub fn try_put(&self, item: &[u8]) -> io::Result<bool> {
        self.check(item)?;
        if !self.take_place()? {
            return Ok(false);
        }
        let mut record = [0u8; RECORD];
        record[0] = item.len() as u8;
        record[1..=item.len()].copy_from_slice(item);
        loop {
            match send(self.into.as_raw_fd(), &record, MsgFlags::MSG_NOSIGNAL) {
                Ok(_) => return Ok(true),
                Err(Errno::EINTR) => continue,
                Err(e) => {
                    self.give_place()?;
                    return Err(e.into());
                }
            }
        }
    }

    pub fn put(&self, item: &[u8]) -> io::Result<()> {
        while !self.try_put(item)? {
            let places = on(self.places.0.as_raw_fd(), libc::POLLIN);
            let end = on(self.out_of.as_raw_fd(), libc::POLLRDHUP);
            poll(&mut [places, end], -1)?;
        }
        Ok(())
    }

    fn take(&self, flags: MsgFlags) -> io::Result<Option<Vec<u8>>> {
        let mut record = [0u8; RECORD];
        loop {
            match recv(self.out_of.as_raw_fd(), &mut record, flags) {
                Ok(0) | Err(Errno::EAGAIN) => return Ok(None),
                Ok(_) => {
                    self.give_place()?;
                    return Ok(Some(record[1..][..record[0] as usize].to_vec()));
                }
                Err(Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
    }

    pub fn get(&self) -> io::Result<Option<Vec<u8>>> {
        self.take(MsgFlags::empty())
    }

    pub fn try_get(&self) -> io::Result<Option<Vec<u8>>> {
        self.take(MsgFlags::MSG_DONTWAIT)
    }

    pub fn count(&self) -> io::Result<usize> {
        let mut bytes: libc::c_int = 0;
        if unsafe { libc::ioctl(self.out_of.as_raw_fd(), libc::FIONREAD, &mut bytes) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(bytes as usize / RECORD)
    }

    pub fn close(&self) -> io::Result<()> {
        Ok(shutdown(self.into.as_raw_fd(), Shutdown::Write)?)
    }
}
