use std::io;
use std::num::NonZero;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering::SeqCst};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

/// `count` items that are shared with children.
struct Mapping<T> {
    start: NonNull<T>,
    count: usize,
}

impl<T> Mapping<T> {
    fn new(count: usize) -> io::Result<Mapping<T>> {
        let length = NonZero::new((count * size_of::<T>()).max(1)).unwrap();
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: the kernel chooses the address.
        let start = unsafe { mmap_anonymous(None, length, access, MapFlags::MAP_SHARED) }?;
        Ok(Mapping { start: start.cast(), count })
    }

    fn all(&self) -> &[T] {
        // SAFETY: they are mapped, and atomics.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.count) }
    }
}

impl<T> Drop for Mapping<T> {
    fn drop(&mut self) {
        let length = (self.count * size_of::<T>()).max(1);
        // SAFETY: it was mapped with that length.
        unsafe { munmap(self.start.cast(), length) }.expect("it was mapped");
    }
}

pub struct SharedBytes {
    bytes: Mapping<AtomicU8>,
}

impl SharedBytes {
    pub fn new(bytes: &[u8]) -> io::Result<SharedBytes> {
        let shared = SharedBytes { bytes: Mapping::new(bytes.len())? };
        for (index, byte) in bytes.iter().enumerate() {
            shared.set(index, *byte);
        }
        Ok(shared)
    }

    pub fn get(&self, index: usize) -> u8 {
        self.bytes.all()[index].load(SeqCst)
    }

    pub fn set(&self, index: usize, byte: u8) {
        self.bytes.all()[index].store(byte, SeqCst);
    }

    pub fn to_vec(&self) -> Vec<u8> {
        self.bytes.all().iter().map(|byte| byte.load(SeqCst)).collect()
    }
}

pub struct SharedNumber {
    bits: Mapping<AtomicU64>,
}

impl SharedNumber {
    pub fn new(number: f64) -> io::Result<SharedNumber> {
        let shared = SharedNumber { bits: Mapping::new(1)? };
        shared.bits.all()[0].store(number.to_bits(), SeqCst);
        Ok(shared)
    }

    pub fn get(&self) -> f64 {
        f64::from_bits(self.bits.all()[0].load(SeqCst))
    }

    pub fn set(&self, number: f64) {
        self.bits.all()[0].store(number.to_bits(), SeqCst);
    }
}

/// A mutex between processes, and the integers.
pub struct SharedInts {
    mutex: Mapping<libc::pthread_mutex_t>,
    integers: Mapping<AtomicI64>,
}

struct Unlock(*mut libc::pthread_mutex_t);

impl Drop for Unlock {
    fn drop(&mut self) {
        unsafe { libc::pthread_mutex_unlock(self.0) };
    }
}

impl SharedInts {
    pub fn new(integers: &[i64]) -> io::Result<SharedInts> {
        let mutex: Mapping<libc::pthread_mutex_t> = Mapping::new(1)?;
        unsafe {
            let mut attr = std::mem::zeroed();
            libc::pthread_mutexattr_init(&mut attr);
            libc::pthread_mutexattr_setpshared(&mut attr, libc::PTHREAD_PROCESS_SHARED);
            match libc::pthread_mutex_init(mutex.start.as_ptr(), &attr) {
                0 => {}
                error => return Err(io::Error::from_raw_os_error(error)),
            }
        }
        let shared = SharedInts { mutex, integers: Mapping::new(integers.len())? };
        integers.iter().enumerate().for_each(|(index, integer)| shared.set(index, *integer));
        Ok(shared)
    }

    pub fn get(&self, index: usize) -> i64 {
        self.integers.all()[index].load(SeqCst)
    }

    pub fn set(&self, index: usize, integer: i64) {
        // One step, so no lock is needed.
        self.integers.all()[index].store(integer, SeqCst);
    }

    pub fn update(&self, index: usize, next: impl Fn(i64) -> i64) {
        let place = &self.integers.all()[index];
        let mutex = self.mutex.start.as_ptr();
        unsafe { libc::pthread_mutex_lock(mutex) };
        let _unlock = Unlock(mutex);
        place.store(next(place.load(SeqCst)), SeqCst);
    }

    pub fn to_vec(&self) -> Vec<i64> {
        self.integers.all().iter().map(|place| place.load(SeqCst)).collect()
    }
}
