use std::io;

pub const LARGEST: usize = 200;

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

const WAITERS: usize = 16;

#[repr(C)]
struct Table {
    mutex: libc::pthread_mutex_t,
    first: usize,
    length: usize,
    capacity: usize,
    closed: bool,
    /// Who sleeps there?
    taken: [bool; WAITERS],
    rung: [bool; WAITERS],
    items: [([u8; LARGEST], usize); 10],
}

pub struct Queue {
    table: *mut Table,
    bells: Vec<OwnedFd>,
}

struct Guard<'a>(&'a Queue);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        unsafe { libc::pthread_mutex_unlock(&raw mut (*self.0.table).mutex) };
    }
}

impl Guard<'_> {
    fn table(&mut self) -> &mut Table {
        unsafe { &mut *self.0.table }
    }

    /// Wakes everybody who sleeps.
    fn ring(&mut self) {
        for i in 0..WAITERS {
            if self.table().taken[i] && !self.table().rung[i] {
                self.table().rung[i] = true;
                let one = 1u64;
                unsafe { libc::write(self.0.bells[i].as_raw_fd(), (&raw const one).cast(), 8) };
            }
        }
    }

    /// Lets go of the lock and sleeps until somebody rings.
    fn sleep(mut self) -> io::Result<()> {
        let queue = self.0;
        let Some(mine) = self.table().taken.iter().position(|taken| !taken) else {
            return Err(io::Error::other("too many wait"));
        };
        self.table().taken[mine] = true;
        self.table().rung[mine] = false;
        drop(self);
        let mut n = 0u64;
        let fd = queue.bells[mine].as_raw_fd();
        while unsafe { libc::read(fd, (&raw mut n).cast(), 8) } < 0 {
            let e = io::Error::last_os_error();
            if e.kind() != io::ErrorKind::Interrupted {
                return Err(e);
            }
        }
        queue.lock().table().taken[mine] = false;
        Ok(())
    }
}

impl Queue {
    pub fn new(capacity: usize) -> io::Result<Queue> {
        let size = std::mem::size_of::<Table>();
        let mut bells = vec![];
        for _ in 0..WAITERS {
            let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            bells.push(unsafe { OwnedFd::from_raw_fd(fd) });
        }
        unsafe {
            let p = libc::mmap(
                std::ptr::null_mut(),
                size,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_ANONYMOUS | libc::MAP_SHARED,
                -1,
                0,
            );
            if p == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let table = p as *mut Table;
            (*table).capacity = capacity;
            let mut attr: libc::pthread_mutexattr_t = std::mem::zeroed();
            libc::pthread_mutexattr_init(&mut attr);
            libc::pthread_mutexattr_setpshared(&mut attr, libc::PTHREAD_PROCESS_SHARED);
            libc::pthread_mutex_init(&raw mut (*table).mutex, &attr);
            Ok(Queue { table, bells })
        }
    }

    fn lock(&self) -> Guard<'_> {
        unsafe { libc::pthread_mutex_lock(&raw mut (*self.table).mutex) };
        Guard(self)
    }

    fn push(guard: &mut Guard<'_>, item: &[u8]) -> io::Result<bool> {
        if item.len() > LARGEST {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "too large"));
        }
        let table = guard.table();
        if table.closed {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, "closed"));
        }
        if table.length == table.capacity {
            return Ok(false);
        }
        let slot = &mut table.items[(table.first + table.length) % table.capacity];
        slot.0[..item.len()].copy_from_slice(item);
        slot.1 = item.len();
        table.length += 1;
        guard.ring();
        Ok(true)
    }

    fn pop(guard: &mut Guard<'_>) -> Option<Vec<u8>> {
        let table = guard.table();
        if table.length == 0 {
            return None;
        }
        let slot = &table.items[table.first];
        let item = slot.0[..slot.1].to_vec();
        table.first = (table.first + 1) % table.capacity;
        table.length -= 1;
        guard.ring();
        Some(item)
    }

    pub fn put(&self, item: &[u8]) -> io::Result<()> {
        loop {
            let mut guard = self.lock();
            if Self::push(&mut guard, item)? {
                return Ok(());
            }
            guard.sleep()?;
        }
    }

    pub fn get(&self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let mut guard = self.lock();
            if let Some(item) = Self::pop(&mut guard) {
                return Ok(Some(item));
            }
            if guard.table().closed {
                return Ok(None);
            }
            guard.sleep()?;
        }
    }

    pub fn try_put(&self, item: &[u8]) -> io::Result<bool> {
        Self::push(&mut self.lock(), item)
    }

    pub fn try_get(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(Self::pop(&mut self.lock()))
    }

    pub fn count(&self) -> io::Result<usize> {
        Ok(self.lock().table().length)
    }

    pub fn close(&self) -> io::Result<()> {
        let mut guard = self.lock();
        guard.table().closed = true;
        guard.ring();
        Ok(())
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.table.cast(), std::mem::size_of::<Table>()) };
    }
}
