use std::io;

pub const LARGEST: usize = 200;

use std::mem::size_of;
use std::ptr;

/// Lies in memory that processes share.
#[repr(C)]
struct Inner {
    mutex: libc::sem_t,
    room: libc::sem_t,
    used: libc::sem_t,
    capacity: usize,
    head: usize,
    len: usize,
    closed: bool,
    lens: [u8; 10],
    bytes: [[u8; LARGEST]; 10],
}

pub struct Queue {
    inner: *mut Inner,
}

fn down(sem: *mut libc::sem_t) -> io::Result<()> {
    loop {
        if unsafe { libc::sem_wait(sem) } == 0 {
            return Ok(());
        }
        let e = io::Error::last_os_error();
        if e.kind() != io::ErrorKind::Interrupted {
            return Err(e);
        }
    }
}

fn try_down(sem: *mut libc::sem_t) -> bool {
    unsafe { libc::sem_trywait(sem) == 0 }
}

fn up(sem: *mut libc::sem_t) {
    unsafe { libc::sem_post(sem) };
}

impl Queue {
    pub fn new(capacity: usize) -> io::Result<Queue> {
        unsafe {
            let p = libc::mmap(
                ptr::null_mut(),
                size_of::<Inner>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            if p == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let inner: *mut Inner = p.cast();
            (*inner).capacity = capacity;
            libc::sem_init(&raw mut (*inner).mutex, 1, 1);
            libc::sem_init(&raw mut (*inner).room, 1, capacity as u32);
            libc::sem_init(&raw mut (*inner).used, 1, 0);
            Ok(Queue { inner })
        }
    }

    fn mutex(&self) -> *mut libc::sem_t {
        unsafe { &raw mut (*self.inner).mutex }
    }
    fn room(&self) -> *mut libc::sem_t {
        unsafe { &raw mut (*self.inner).room }
    }
    fn used(&self) -> *mut libc::sem_t {
        unsafe { &raw mut (*self.inner).used }
    }

    fn locked<T>(&self, f: impl FnOnce(&mut Inner) -> T) -> io::Result<T> {
        down(self.mutex())?;
        let result = f(unsafe { &mut *self.inner });
        up(self.mutex());
        Ok(result)
    }

    fn check(&self, item: &[u8]) -> io::Result<()> {
        if item.len() > LARGEST {
            return Err(io::Error::other("the item is too large"));
        }
        if self.locked(|inner| inner.closed)? {
            return Err(io::Error::other("the queue is closed"));
        }
        Ok(())
    }

    fn push(&self, item: &[u8]) -> io::Result<()> {
        let used = self.used();
        self.locked(|inner| {
            let at = (inner.head + inner.len) % inner.capacity;
            inner.lens[at] = item.len() as u8;
            inner.bytes[at][..item.len()].copy_from_slice(item);
            inner.len += 1;
            up(used);
        })
    }

    fn pop(&self) -> io::Result<Option<Vec<u8>>> {
        let (room, used) = (self.room(), self.used());
        self.locked(|inner| {
            if inner.len == 0 {
                // it was the token for the end: for the next one
                up(used);
                return None;
            }
            let item = inner.bytes[inner.head][..inner.lens[inner.head] as usize].to_vec();
            inner.head = (inner.head + 1) % inner.capacity;
            inner.len -= 1;
            up(room);
            Some(item)
        })
    }

    pub fn put(&self, item: &[u8]) -> io::Result<()> {
        self.check(item)?;
        down(self.room())?;
        self.push(item)
    }

    pub fn get(&self) -> io::Result<Option<Vec<u8>>> {
        down(self.used())?;
        self.pop()
    }

    pub fn try_put(&self, item: &[u8]) -> io::Result<bool> {
        self.check(item)?;
        if !try_down(self.room()) {
            return Ok(false);
        }
        self.push(item)?;
        Ok(true)
    }

    pub fn try_get(&self) -> io::Result<Option<Vec<u8>>> {
        if try_down(self.used()) { self.pop() } else { Ok(None) }
    }

    pub fn count(&self) -> io::Result<usize> {
        self.locked(|inner| inner.len)
    }

    pub fn close(&self) -> io::Result<()> {
        let used = self.used();
        self.locked(|inner| {
            if !inner.closed {
                inner.closed = true;
                up(used);
            }
        })
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // nobody shall wait for ever for a queue that is gone
        let _ = self.close();
        unsafe { libc::munmap(self.inner.cast(), size_of::<Inner>()) };
    }
}
