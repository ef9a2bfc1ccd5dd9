use std::io;
use std::num::NonZero;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering::SeqCst};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

const PAGE: usize = 4096;

struct Mapping<T> {
    start: NonNull<T>,
    len: usize,
}

impl<T> Mapping<T> {
    fn new(len: usize) -> io::Result<Self> {
        // whole pages, and at least one
        let pages = len * size_of::<T>() / PAGE + 1;
        let size = NonZero::new(pages * PAGE).unwrap();
        // SAFETY: new memory
        let start = unsafe {
            mmap_anonymous(
                None,
                size,
                ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
                MapFlags::MAP_SHARED,
            )?
        };
        Ok(Mapping { start: start.cast(), len })
    }

    fn slice(&self) -> &[T] {
        // SAFETY: mapped, zeroed, and T is atomic
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<T> Drop for Mapping<T> {
    fn drop(&mut self) {
        // SAFETY: it was mapped by new. The kernel rounds up to pages.
        unsafe { munmap(self.start.cast(), (self.len * size_of::<T>()).max(1)).unwrap() }
    }
}

pub struct SharedBytes {
    mapping: Mapping<AtomicU8>,
}

impl SharedBytes {
    pub fn new(bytes: &[u8]) -> io::Result<SharedBytes> {
        let mapping = Mapping::<AtomicU8>::new(bytes.len())?;
        for (i, b) in bytes.iter().enumerate() {
            mapping.slice()[i].store(*b, SeqCst);
        }
        Ok(SharedBytes { mapping })
    }

    pub fn get(&self, index: usize) -> u8 {
        self.mapping.slice()[index].load(SeqCst)
    }

    pub fn set(&self, index: usize, byte: u8) {
        self.mapping.slice()[index].store(byte, SeqCst)
    }

    pub fn to_vec(&self) -> Vec<u8> {
        self.mapping.slice().iter().map(|b| b.load(SeqCst)).collect()
    }
}

pub struct SharedNumber {
    mapping: Mapping<AtomicU64>,
}

impl SharedNumber {
    pub fn new(number: f64) -> io::Result<SharedNumber> {
        let mapping = Mapping::<AtomicU64>::new(1)?;
        mapping.slice()[0].store(number.to_bits(), SeqCst);
        Ok(SharedNumber { mapping })
    }

    pub fn get(&self) -> f64 {
        f64::from_bits(self.mapping.slice()[0].load(SeqCst))
    }

    pub fn set(&self, number: f64) {
        self.mapping.slice()[0].store(number.to_bits(), SeqCst)
    }
}

pub struct SharedInts {
    mapping: Mapping<AtomicI64>,
}

impl SharedInts {
    pub fn new(integers: &[i64]) -> io::Result<SharedInts> {
        let mapping = Mapping::<AtomicI64>::new(integers.len())?;
        for (i, n) in integers.iter().enumerate() {
            mapping.slice()[i].store(*n, SeqCst);
        }
        Ok(SharedInts { mapping })
    }

    pub fn get(&self, index: usize) -> i64 {
        self.mapping.slice()[index].load(SeqCst)
    }

    pub fn set(&self, index: usize, integer: i64) {
        self.mapping.slice()[index].store(integer, SeqCst)
    }

    pub fn update(&self, index: usize, next: impl Fn(i64) -> i64) {
        let cell = &self.mapping.slice()[index];
        let mut old = cell.load(SeqCst);
        while let Err(now) = cell.compare_exchange(old, next(old), SeqCst, SeqCst) {
            old = now;
        }
    }

    pub fn to_vec(&self) -> Vec<i64> {
        self.mapping.slice().iter().map(|n| n.load(SeqCst)).collect()
    }
}
