//! Anonymous shared memory, seen through atomics.
//!
//! The memory has no name, so nothing can stay behind: the kernel frees it when the last
//! process that has it mapped unmaps it or ends. Everything in it is an atomic: another
//! process may write at any moment, and an ordinary reference would promise the compiler
//! that nobody does.

use std::ffi::c_void;
use std::io;
use std::mem::size_of;
use std::num::NonZero;
use std::ptr::NonNull;
use std::slice;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::SeqCst};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

/// `length` values of an atomic type `T` in shared memory, all of them zero at first.
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

/// A mapping cannot be empty.
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

/// A fixed number of bytes; perhaps none.
pub struct SharedBytes {
    bytes: Mapping<AtomicU8>,
}

impl SharedBytes {
    /// As many bytes as `bytes` has, with their values.
    pub fn new(bytes: &[u8]) -> io::Result<SharedBytes> {
        let shared = SharedBytes { bytes: Mapping::new(bytes.len())? };
        bytes.iter().enumerate().for_each(|(index, byte)| shared.set(index, *byte));
        Ok(shared)
    }

    /// The byte at `index`; panics if there is none.
    pub fn get(&self, index: usize) -> u8 {
        self.bytes.values()[index].load(SeqCst)
    }

    /// Replaces the byte at `index`; panics if there is none.
    pub fn set(&self, index: usize, byte: u8) {
        self.bytes.values()[index].store(byte, SeqCst);
    }

    /// All bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        self.bytes.values().iter().map(|byte| byte.load(SeqCst)).collect()
    }
}

/// One floating-point number.
pub struct SharedNumber {
    /// There is no atomic for floating-point numbers, but for their bits.
    bits: Mapping<AtomicU64>,
}

impl SharedNumber {
    /// A number with the value `number`.
    pub fn new(number: f64) -> io::Result<SharedNumber> {
        let shared = SharedNumber { bits: Mapping::new(1)? };
        shared.set(number);
        Ok(shared)
    }

    /// The number.
    pub fn get(&self) -> f64 {
        f64::from_bits(self.bits.values()[0].load(SeqCst))
    }

    /// Replaces the number.
    pub fn set(&self, number: f64) {
        self.bits.values()[0].store(number.to_bits(), SeqCst);
    }
}

/// A fixed number of integers; perhaps none. Nobody ever sees half of one.
pub struct SharedInts {
    integers: Mapping<AtomicU64>,
}

impl SharedInts {
    /// As many integers as `integers` has, with their values.
    pub fn new(integers: &[i64]) -> io::Result<SharedInts> {
        let shared = SharedInts { integers: Mapping::new(integers.len())? };
        integers.iter().enumerate().for_each(|(index, integer)| shared.set(index, *integer));
        Ok(shared)
    }

    /// The integer at `index`; panics if there is none.
    pub fn get(&self, index: usize) -> i64 {
        f64::from_bits(self.integers.values()[index].load(SeqCst)) as i64
    }

    /// Replaces the integer at `index`; panics if there is none.
    pub fn set(&self, index: usize, integer: i64) {
        self.integers.values()[index].store((integer as f64).to_bits(), SeqCst);
    }

    /// Replaces the integer at `index` by `next` of it; panics if there is none.
    pub fn update(&self, index: usize, next: impl Fn(i64) -> i64) {
        let integer = &self.integers.values()[index];
        let mut before = integer.load(SeqCst);
        // Writes only if the integer is still the one that `next` was given; otherwise says
        // which it is by now, and `next` is asked again.
        while let Err(now) = integer.compare_exchange(
            before,
            (next(f64::from_bits(before) as i64) as f64).to_bits(),
            SeqCst,
            SeqCst,
        ) {
            before = now;
        }
    }

    /// All integers.
    pub fn to_vec(&self) -> Vec<i64> {
        self.integers
            .values()
            .iter()
            .map(|integer| f64::from_bits(integer.load(SeqCst)) as i64)
            .collect()
    }
}
