//! Whoever is bound to an address holds the lock; who waits is connected to the holder, and hears it go.
use std::cell::RefCell;
use std::io::{self, ErrorKind, Read};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::sync::atomic::{AtomicUsize, Ordering};

static NUMBER: AtomicUsize = AtomicUsize::new(0);
pub struct ProcessLock {
    name: String,
    held: RefCell<Option<UnixListener>>,
}

impl ProcessLock {
    pub fn new() -> io::Result<ProcessLock> {
        let name = format!(
            "process-lock {} {}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        Ok(ProcessLock { name, held: RefCell::new(None) })
    }
    fn address(&self) -> io::Result<SocketAddr> {
        SocketAddr::from_abstract_name(&self.name)
    }
    pub fn acquire(&self) -> io::Result<()> {
        while !self.try_acquire()? {
            match UnixStream::connect_addr(&self.address()?) {
                // Nobody ever writes: this is the end, or a reset.
                Ok(mut holder) => {
                    let _ = holder.read(&mut [0]);
                }
                Err(e) if e.kind() == ErrorKind::ConnectionRefused => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
    pub fn try_acquire(&self) -> io::Result<bool> {
        match UnixListener::bind_addr(&self.address()?) {
            Ok(listener) => {
                *self.held.borrow_mut() = Some(listener);
                Ok(true)
            }
            Err(e) if e.kind() == ErrorKind::AddrInUse => Ok(false),
            Err(e) => Err(e),
        }
    }
    pub fn release(&self) -> io::Result<()> {
        self.held.borrow_mut().take();
        Ok(())
    }
}
struct Held<'a>(&'a ProcessLock);
impl Drop for Held<'_> {
    fn drop(&mut self) {
        let _ = self.0.release();
    }
}
pub fn with_lock<T>(lock: &ProcessLock, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    lock.acquire()?;
    let _held = Held(lock);
    job()
}
