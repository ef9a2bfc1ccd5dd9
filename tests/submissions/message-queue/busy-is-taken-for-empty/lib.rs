use std::io;
use std::ptr;

pub const LARGEST: usize = 200;

#[repr(C)]
struct Slot {
    used: bool,
    number: u64,
    length: usize,
    bytes: [u8; LARGEST],
}

#[repr(C)]
struct Shared {
    mutex: libc::pthread_mutex_t,
    not_empty: libc::pthread_cond_t,
    not_full: libc::pthread_cond_t,
    capacity: usize,
    count: usize,
    next: u64,
    closed: bool,
    slots: [Slot; 10],
}

pub struct Queue(*mut Shared);

fn check(code: libc::c_int) -> io::Result<()> {
    if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(code)) }
}

/// Unlocks when it goes.
struct Guard<'a>(&'a Queue);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        unsafe { libc::pthread_mutex_unlock(&raw mut (*self.0.0).mutex) };
    }
}

impl Queue {
    pub fn new(capacity: usize) -> io::Result<Queue> {
        unsafe {
            let memory = libc::mmap(
                ptr::null_mut(),
                size_of::<Shared>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            if memory == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let shared = memory.cast::<Shared>();
            let mut mutex_attr = std::mem::zeroed();
            check(libc::pthread_mutexattr_init(&mut mutex_attr))?;
            check(libc::pthread_mutexattr_setpshared(
                &mut mutex_attr,
                libc::PTHREAD_PROCESS_SHARED,
            ))?;
            check(libc::pthread_mutex_init(&raw mut (*shared).mutex, &mutex_attr))?;
            let mut cond_attr = std::mem::zeroed();
            check(libc::pthread_condattr_init(&mut cond_attr))?;
            check(libc::pthread_condattr_setpshared(&mut cond_attr, libc::PTHREAD_PROCESS_SHARED))?;
            check(libc::pthread_cond_init(&raw mut (*shared).not_empty, &cond_attr))?;
            check(libc::pthread_cond_init(&raw mut (*shared).not_full, &cond_attr))?;
            (*shared).capacity = capacity;
            Ok(Queue(shared))
        }
    }

    fn lock(&self) -> io::Result<Guard<'_>> {
        check(unsafe { libc::pthread_mutex_lock(&raw mut (*self.0).mutex) })?;
        Ok(Guard(self))
    }

    /// Never waits, not even for the lock.
    fn try_lock(&self) -> Option<Guard<'_>> {
        match unsafe { libc::pthread_mutex_trylock(&raw mut (*self.0).mutex) } {
            0 => Some(Guard(self)),
            _ => None,
        }
    }

    fn refuse(&self, item: &[u8]) -> io::Result<()> {
        if item.len() > LARGEST {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if unsafe { (*self.0).closed } {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    }

    /// With the lock held, and room.
    fn add(&self, item: &[u8]) {
        unsafe {
            let shared = &mut *self.0;
            let capacity = shared.capacity;
            let slot = shared.slots[..capacity].iter_mut().find(|slot| !slot.used).unwrap();
            slot.used = true;
            slot.number = shared.next;
            slot.length = item.len();
            slot.bytes[..item.len()].copy_from_slice(item);
            shared.next = shared.next.wrapping_add(1);
            shared.count += 1;
            libc::pthread_cond_signal(&raw mut (*self.0).not_empty);
        }
    }

    /// With the lock held, and an item.
    fn remove(&self) -> Vec<u8> {
        unsafe {
            let shared = &mut *self.0;
            let used = shared.slots.iter_mut().filter(|slot| slot.used);
            let slot = used.min_by_key(|slot| slot.number).unwrap();
            slot.used = false;
            shared.count -= 1;
            let item = slot.bytes[..slot.length].to_vec();
            libc::pthread_cond_signal(&raw mut (*self.0).not_full);
            item
        }
    }

    pub fn put(&self, item: &[u8]) -> io::Result<()> {
        let _guard = self.lock()?;
        self.refuse(item)?;
        unsafe {
            while (*self.0).count == (*self.0).capacity {
                let mutex = &raw mut (*self.0).mutex;
                check(libc::pthread_cond_wait(&raw mut (*self.0).not_full, mutex))?;
                self.refuse(item)?;
            }
        }
        self.add(item);
        Ok(())
    }

    pub fn get(&self) -> io::Result<Option<Vec<u8>>> {
        let _guard = self.lock()?;
        unsafe {
            while (*self.0).count == 0 {
                if (*self.0).closed {
                    return Ok(None);
                }
                let mutex = &raw mut (*self.0).mutex;
                check(libc::pthread_cond_wait(&raw mut (*self.0).not_empty, mutex))?;
            }
        }
        Ok(Some(self.remove()))
    }

    pub fn try_put(&self, item: &[u8]) -> io::Result<bool> {
        let Some(_guard) = self.try_lock() else { return Ok(false) };
        self.refuse(item)?;
        if unsafe { (*self.0).count == (*self.0).capacity } {
            return Ok(false);
        }
        self.add(item);
        Ok(true)
    }

    pub fn try_get(&self) -> io::Result<Option<Vec<u8>>> {
        let Some(_guard) = self.try_lock() else { return Ok(None) };
        if unsafe { (*self.0).count } == 0 {
            return Ok(None);
        }
        Ok(Some(self.remove()))
    }

    pub fn count(&self) -> io::Result<usize> {
        let _guard = self.lock()?;
        Ok(unsafe { (*self.0).count })
    }

    pub fn close(&self) -> io::Result<()> {
        let _guard = self.lock()?;
        unsafe {
            (*self.0).closed = true;
            libc::pthread_cond_broadcast(&raw mut (*self.0).not_empty);
            libc::pthread_cond_broadcast(&raw mut (*self.0).not_full);
        }
        Ok(())
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.0.cast(), size_of::<Shared>()) };
    }
}
