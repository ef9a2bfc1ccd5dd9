use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::process::id;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::errno::Errno;
use nix::mqueue::{MQ_OFlag, MqAttr, MqdT, mq_open, mq_receive, mq_send, mq_unlink};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::Mode;

pub const LARGEST: usize = 200;

static COUNTER: AtomicU32 = AtomicU32::new(0);

pub struct Queue {
    name: String,
    creator: u32,
    queue: MqdT,
    end: (io::PipeReader, io::PipeWriter),
}

impl Queue {
    pub fn new(capacity: usize) -> io::Result<Queue> {
        let name = format!("/lesson-{}-{}", id(), COUNTER.fetch_add(1, Ordering::SeqCst));
        let queue = mq_open(
            name.as_str(),
            MQ_OFlag::O_CREAT | MQ_OFlag::O_RDWR | MQ_OFlag::O_NONBLOCK,
            Mode::S_IRWXU,
            Some(&MqAttr::new(0, capacity as i64, LARGEST as i64, 0)),
        )?;
        Ok(Queue { name, creator: id(), queue, end: io::pipe()? })
    }

    fn wait(&self, events: PollFlags) -> io::Result<()> {
        let mut fds = [
            PollFd::new(self.queue.as_fd(), events),
            PollFd::new(self.end.0.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    fn closed(&self) -> io::Result<bool> {
        let mut fds = [PollFd::new(self.end.0.as_fd(), PollFlags::POLLIN)];
        Ok(poll(&mut fds, PollTimeout::ZERO)? == 1)
    }

    pub fn put(&self, item: &[u8]) -> io::Result<()> {
        loop {
            if self.try_put(item)? {
                return Ok(());
            }
            self.wait(PollFlags::POLLOUT)?;
        }
    }

    pub fn get(&self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let closed = self.closed()?;
            let item = self.try_get()?;
            if item.is_some() || closed {
                return Ok(item);
            }
            self.wait(PollFlags::POLLIN)?;
        }
    }

    pub fn try_put(&self, item: &[u8]) -> io::Result<bool> {
        if item.len() > LARGEST {
            return Err(io::Error::other("item too large"));
        }
        if self.closed()? {
            return Err(io::Error::other("queue closed"));
        }
        match mq_send(&self.queue, item, 1) {
            Err(Errno::EAGAIN) => Ok(false),
            other => Ok(other.map(|()| true)?),
        }
    }

    pub fn try_get(&self) -> io::Result<Option<Vec<u8>>> {
        let mut item = vec![0; LARGEST];
        match mq_receive(&self.queue, &mut item, &mut 0) {
            Ok(length) => {
                item.truncate(length);
                Ok(Some(item))
            }
            Err(Errno::EAGAIN) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    pub fn count(&self) -> io::Result<usize> {
        let mut attr = unsafe { std::mem::zeroed::<libc::mq_attr>() };
        if unsafe { libc::mq_getattr(self.queue.as_raw_fd(), &mut attr) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(attr.mq_curmsgs as usize)
    }

    pub fn close(&self) -> io::Result<()> {
        io::Write::write_all(&mut &self.end.1, b".")
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        if self.creator == id() {
            let _ = mq_unlink(self.name.as_str());
        }
    }
}
