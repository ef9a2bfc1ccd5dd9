//! A message queue of POSIX that nobody can name any more, and a pipe that ends when it is closed.
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicUsize, Ordering};

pub const LARGEST: usize = 200;
static NUMBER: AtomicUsize = AtomicUsize::new(0);

pub struct Queue {
    mq: RawFd,
    end: (PipeReader, PipeWriter),
    _keep: (),
}

impl Queue {
    pub fn new(capacity: usize) -> io::Result<Queue> {
        let name =
            format!("/queue-{}-{}\0", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let mq = unsafe {
            let mut attr: libc::mq_attr = std::mem::zeroed();
            attr.mq_maxmsg = capacity as i64;
            attr.mq_msgsize = LARGEST as i64;
            let mq = libc::mq_open(
                name.as_ptr().cast(),
                libc::O_RDWR | libc::O_CREAT | libc::O_EXCL | libc::O_NONBLOCK | libc::O_CLOEXEC,
                0o600,
                &mut attr as *mut libc::mq_attr,
            );
            if mq < 0 {
                return Err(io::Error::last_os_error());
            }
            libc::mq_unlink(name.as_ptr().cast());
            mq
        };
        Ok(Queue { mq, end: io::pipe()?, _keep: () })
    }
    fn wait(&self, events: i16) -> io::Result<()> {
        let mut fds = [
            libc::pollfd { fd: self.mq, events, revents: 0 },
            libc::pollfd { fd: self.end.0.as_raw_fd(), events: libc::POLLIN, revents: 0 },
        ];
        match unsafe { libc::poll(fds.as_mut_ptr(), 2, -1) } {
            n if n < 0 && io::Error::last_os_error().kind() != ErrorKind::Interrupted => {
                Err(io::Error::last_os_error())
            }
            _ => Ok(()),
        }
    }
    fn closed(&self) -> bool {
        let mut fd = libc::pollfd { fd: self.end.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        unsafe { libc::poll(&mut fd, 1, 0) > 0 }
    }
    pub fn put(&self, item: &[u8]) -> io::Result<()> {
        loop {
            if self.try_put(item)? {
                return Ok(());
            }
            self.wait(libc::POLLOUT)?;
        }
    }
    pub fn get(&self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let closed = self.closed();
            match self.try_get()? {
                None if !closed => self.wait(libc::POLLIN)?,
                done => return Ok(done),
            }
        }
    }
    pub fn try_put(&self, item: &[u8]) -> io::Result<bool> {
        if item.len() > LARGEST {
            return Err(ErrorKind::InvalidInput.into());
        }
        if self.closed() {
            return Err(ErrorKind::BrokenPipe.into());
        }
        if unsafe { libc::mq_send(self.mq, item.as_ptr().cast(), item.len(), 0) } == 0 {
            return Ok(true);
        }
        match io::Error::last_os_error() {
            e if e.kind() == ErrorKind::WouldBlock => Ok(false),
            e => Err(e),
        }
    }
    pub fn try_get(&self) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = vec![0; LARGEST];
        let n = unsafe {
            libc::mq_receive(self.mq, bytes.as_mut_ptr().cast(), LARGEST, std::ptr::null_mut())
        };
        if n >= 0 {
            bytes.truncate(n as usize);
            return Ok(Some(bytes));
        }
        match io::Error::last_os_error() {
            e if e.kind() == ErrorKind::WouldBlock => Ok(None),
            e => Err(e),
        }
    }
    pub fn count(&self) -> io::Result<usize> {
        unsafe {
            let mut attr: libc::mq_attr = std::mem::zeroed();
            if libc::mq_getattr(self.mq, &mut attr) < 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(attr.mq_curmsgs as usize)
        }
    }
    pub fn close(&self) -> io::Result<()> {
        (&self.end.1).write_all(&[0])
    }
}
