//! A ring of items in shared memory, with a mutex and two condition variables of POSIX that
//! work between processes.

use std::cell::UnsafeCell;
use std::io::{self, ErrorKind};
use std::mem::size_of;
use std::ptr::null_mut;

pub const LARGEST: usize = 200;
const PLACES: usize = 10;

struct Inside {
    mutex: UnsafeCell<libc::pthread_mutex_t>,
    more: UnsafeCell<libc::pthread_cond_t>,
    room: UnsafeCell<libc::pthread_cond_t>,
    ring: UnsafeCell<Ring>,
}

struct Ring {
    capacity: usize,
    first: usize,
    count: usize,
    closed: bool,
    items: [(usize, [u8; LARGEST]); PLACES],
}

pub struct Queue {
    inside: &'static Inside,
}

/// Between locking and unlocking.
struct Locked {
    inside: &'static Inside,
}

impl Locked {
    fn ring(&mut self) -> &mut Ring {
        // SAFETY: whoever has the lock is the only one who looks.
        unsafe { &mut *self.inside.ring.get() }
    }

    fn wait(&mut self, condition: &UnsafeCell<libc::pthread_cond_t>) {
        // SAFETY: both were initialised in `new`, and the mutex is locked.
        unsafe { libc::pthread_cond_wait(condition.get(), self.inside.mutex.get()) };
    }

    fn put(&mut self, item: &[u8]) {
        let ring = self.ring();
        let place = (ring.first + ring.count) % PLACES;
        ring.items[place].0 = item.len();
        ring.items[place].1[..item.len()].copy_from_slice(item);
        ring.count += 1;
        if ring.count == 1 {
            // SAFETY: initialised in `new`.
            unsafe { libc::pthread_cond_signal(self.inside.more.get()) };
        }
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        let ring = self.ring();
        if ring.count == 0 {
            return None;
        }
        let (length, bytes) = &ring.items[ring.first];
        let item = bytes[..*length].to_vec();
        ring.first = (ring.first + 1) % PLACES;
        ring.count -= 1;
        // SAFETY: initialised in `new`.
        unsafe { libc::pthread_cond_signal(self.inside.room.get()) };
        Some(item)
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // SAFETY: this process locked it.
        unsafe { libc::pthread_mutex_unlock(self.inside.mutex.get()) };
    }
}

fn may_be_put(item: &[u8], closed: bool) -> io::Result<()> {
    match (item.len() > LARGEST, closed) {
        (true, _) => Err(ErrorKind::InvalidInput.into()),
        (_, true) => Err(ErrorKind::BrokenPipe.into()),
        _ => Ok(()),
    }
}

impl Queue {
    pub fn new(capacity: usize) -> io::Result<Queue> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping overlaps nothing.
        let place =
            unsafe { libc::mmap(null_mut(), size_of::<Inside>(), protection, flags, -1, 0) };
        if place == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the memory is zeroed, which is a ring without items, aligned to a page, and
        // never unmapped. The attributes are initialised before they are used.
        unsafe {
            let inside = &*place.cast::<Inside>();
            let mut mutex = std::mem::zeroed();
            libc::pthread_mutexattr_init(&mut mutex);
            libc::pthread_mutexattr_setpshared(&mut mutex, libc::PTHREAD_PROCESS_SHARED);
            libc::pthread_mutex_init(inside.mutex.get(), &mutex);
            let mut condition = std::mem::zeroed();
            libc::pthread_condattr_init(&mut condition);
            libc::pthread_condattr_setpshared(&mut condition, libc::PTHREAD_PROCESS_SHARED);
            libc::pthread_cond_init(inside.more.get(), &condition);
            libc::pthread_cond_init(inside.room.get(), &condition);
            (*inside.ring.get()).capacity = capacity;
            Ok(Queue { inside })
        }
    }

    fn lock(&self) -> Locked {
        // SAFETY: initialised in `new`.
        unsafe { libc::pthread_mutex_lock(self.inside.mutex.get()) };
        Locked { inside: self.inside }
    }

    pub fn put(&self, item: &[u8]) -> io::Result<()> {
        let mut locked = self.lock();
        may_be_put(item, locked.ring().closed)?;
        while locked.ring().count == locked.ring().capacity {
            locked.wait(&self.inside.room);
        }
        locked.put(item);
        Ok(())
    }

    pub fn get(&self) -> io::Result<Option<Vec<u8>>> {
        let mut locked = self.lock();
        while locked.ring().count == 0 && !locked.ring().closed {
            locked.wait(&self.inside.more);
        }
        Ok(locked.take())
    }

    pub fn try_put(&self, item: &[u8]) -> io::Result<bool> {
        let mut locked = self.lock();
        may_be_put(item, locked.ring().closed)?;
        let room = locked.ring().count < locked.ring().capacity;
        if room {
            locked.put(item);
        }
        Ok(room)
    }

    pub fn try_get(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(self.lock().take())
    }

    pub fn count(&self) -> io::Result<usize> {
        Ok(self.lock().ring().count)
    }

    pub fn close(&self) -> io::Result<()> {
        self.lock().ring().closed = true;
        // SAFETY: initialised in `new`.
        unsafe { libc::pthread_cond_broadcast(self.inside.more.get()) };
        Ok(())
    }
}
