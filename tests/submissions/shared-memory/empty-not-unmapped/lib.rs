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
        // SAFETY: it was mapped.
        let _ = unsafe { munmap(self.start.cast(), size_of_val(self.all())) };
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

pub struct SharedInts {
    integers: Mapping<AtomicI64>,
}

impl SharedInts {
    pub fn new(integers: &[i64]) -> io::Result<SharedInts> {
        let shared = SharedInts { integers: Mapping::new(integers.len())? };
        for (place, integer) in shared.integers.all().iter().zip(integers) {
            place.store(*integer, SeqCst);
        }
        Ok(shared)
    }

    pub fn get(&self, index: usize) -> i64 {
        self.integers.all()[index].load(SeqCst)
    }

    pub fn set(&self, index: usize, integer: i64) {
        self.integers.all()[index].store(integer, SeqCst);
    }

    pub fn update(&self, index: usize, next: impl Fn(i64) -> i64) {
        let place = &self.integers.all()[index];
        let mut before = place.load(SeqCst);
        while let Err(now) = place.compare_exchange(before, next(before), SeqCst, SeqCst) {
            before = now;
        }
    }

    pub fn to_vec(&self) -> Vec<i64> {
        self.integers.all().iter().map(|place| place.load(SeqCst)).collect()
    }
}
