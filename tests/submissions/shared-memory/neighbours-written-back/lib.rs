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
    words: Mapping<AtomicU64>,
    length: usize,
}

impl SharedBytes {
    pub fn new(bytes: &[u8]) -> io::Result<SharedBytes> {
        let words = Mapping::new(bytes.len().div_ceil(8))?;
        let shared = SharedBytes { words, length: bytes.len() };
        for (index, byte) in bytes.iter().enumerate() {
            shared.set(index, *byte);
        }
        Ok(shared)
    }

    /// Eight bytes are one word: that is fewer steps.
    fn word(&self, index: usize) -> (&AtomicU64, usize) {
        assert!(index < self.length, "there is no byte {index}");
        (&self.words.all()[index / 8], index % 8)
    }

    pub fn get(&self, index: usize) -> u8 {
        let (word, byte) = self.word(index);
        word.load(SeqCst).to_ne_bytes()[byte]
    }

    pub fn set(&self, index: usize, byte: u8) {
        let (word, place) = self.word(index);
        let mut bytes = word.load(SeqCst).to_ne_bytes();
        bytes[place] = byte;
        word.store(u64::from_ne_bytes(bytes), SeqCst);
    }

    pub fn to_vec(&self) -> Vec<u8> {
        let words = self.words.all().iter();
        words.flat_map(|word| word.load(SeqCst).to_ne_bytes()).take(self.length).collect()
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
