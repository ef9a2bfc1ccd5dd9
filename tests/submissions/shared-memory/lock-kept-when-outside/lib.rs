//! Anonymous shared memory. An update keeps the others out by a flag in front of the integers.

use std::ffi::c_void;
use std::io;
use std::mem::size_of;
use std::num::NonZero;
use std::ptr::NonNull;
use std::slice;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering::SeqCst};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

struct Mapping<T> {
    place: NonNull<T>,
    length: usize,
}

impl<T> Mapping<T> {
    fn new(length: usize) -> io::Result<Mapping<T>> {
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice overlaps nothing.
        let place =
            unsafe { mmap_anonymous(None, bytes::<T>(length), protection, MapFlags::MAP_SHARED) };
        Ok(Mapping { place: place?.cast(), length })
    }

    fn values(&self) -> &[T] {
        // SAFETY: the mapping is that long, aligned to a page, zeroed (a valid value of every
        // atomic), and lives as long as `self`. Others change it by atomics only.
        unsafe { slice::from_raw_parts(self.place.as_ptr(), self.length) }
    }
}

fn bytes<T>(length: usize) -> NonZero<usize> {
    NonZero::new(length * size_of::<T>()).unwrap_or(NonZero::<usize>::MIN)
}

impl<T> Drop for Mapping<T> {
    fn drop(&mut self) {
        // SAFETY: nobody borrows from it any more. Other processes have mappings of their own.
        let unmapped =
            unsafe { munmap(self.place.cast::<c_void>(), bytes::<T>(self.length).get()) };
        debug_assert!(unmapped.is_ok(), "what was mapped can be unmapped");
    }
}

pub struct SharedBytes {
    bytes: Mapping<AtomicU8>,
}

impl SharedBytes {
    pub fn new(bytes: &[u8]) -> io::Result<SharedBytes> {
        let shared = SharedBytes { bytes: Mapping::new(bytes.len())? };
        bytes.iter().enumerate().for_each(|(index, byte)| shared.set(index, *byte));
        Ok(shared)
    }

    pub fn get(&self, index: usize) -> u8 {
        self.bytes.values()[index].load(SeqCst)
    }

    pub fn set(&self, index: usize, byte: u8) {
        self.bytes.values()[index].store(byte, SeqCst);
    }

    pub fn to_vec(&self) -> Vec<u8> {
        self.bytes.values().iter().map(|byte| byte.load(SeqCst)).collect()
    }
}

pub struct SharedNumber {
    bits: Mapping<AtomicU64>,
}

impl SharedNumber {
    pub fn new(number: f64) -> io::Result<SharedNumber> {
        let shared = SharedNumber { bits: Mapping::new(1)? };
        shared.set(number);
        Ok(shared)
    }

    pub fn get(&self) -> f64 {
        f64::from_bits(self.bits.values()[0].load(SeqCst))
    }

    pub fn set(&self, number: f64) {
        self.bits.values()[0].store(number.to_bits(), SeqCst);
    }
}

pub struct SharedInts {
    integers: Mapping<AtomicI64>,
}

impl SharedInts {
    pub fn new(integers: &[i64]) -> io::Result<SharedInts> {
        let shared = SharedInts { integers: Mapping::new(integers.len() + 1)? };
        integers.iter().enumerate().for_each(|(index, integer)| shared.put(index, *integer));
        Ok(shared)
    }

    pub fn get(&self, index: usize) -> i64 {
        self.integers.values()[1..][index].load(SeqCst)
    }

    pub fn set(&self, index: usize, integer: i64) {
        self.update(index, |_| integer);
    }

    fn put(&self, index: usize, integer: i64) {
        self.integers.values()[1..][index].store(integer, SeqCst);
    }

    pub fn update(&self, index: usize, next: impl Fn(i64) -> i64) {
        let busy = &self.integers.values()[0];
        while busy.swap(1, SeqCst) == 1 {
            std::thread::yield_now();
        }
        self.put(index, next(self.get(index)));
        busy.store(0, SeqCst);
    }

    pub fn to_vec(&self) -> Vec<i64> {
        self.integers.values()[1..].iter().map(|integer| integer.load(SeqCst)).collect()
    }
}
