use std::io;
use std::num::NonZero;
use std::ptr::NonNull;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::*;

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

struct Mapping<T> {
    start: NonNull<T>,
    len: usize,
    bytes: NonZero<usize>,
    maker: u32,
}

impl<T> Mapping<T> {
    fn new(len: usize) -> io::Result<Mapping<T>> {
        let bytes = NonZero::new(len * size_of::<T>()).unwrap_or(NonZero::<usize>::MIN);
        let prot = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let start = unsafe { mmap_anonymous(None, bytes, prot, MapFlags::MAP_SHARED) }?;
        Ok(Mapping { start: start.cast(), len, bytes, maker: std::process::id() })
    }
    fn all(&self) -> &[T] {
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<T> Drop for Mapping<T> {
    fn drop(&mut self) {
        // A child drops its copy as well, and must not take the memory from the others.
        if std::process::id() == self.maker {
            let _ = unsafe { munmap(self.start.cast(), self.bytes.get()) };
        }
    }
}

pub struct SharedBytes {
    map: Mapping<AtomicU8>,
}

impl SharedBytes {
    pub fn new(bytes: &[u8]) -> io::Result<SharedBytes> {
        let map: Mapping<AtomicU8> = Mapping::new(bytes.len())?;
        for (i, b) in bytes.iter().enumerate() {
            map.all()[i].store(*b, SeqCst);
        }
        Ok(SharedBytes { map })
    }
    pub fn get(&self, index: usize) -> u8 {
        self.map.all()[index].load(SeqCst)
    }
    pub fn set(&self, index: usize, byte: u8) {
        self.map.all()[index].store(byte, SeqCst);
    }
    pub fn to_vec(&self) -> Vec<u8> {
        self.map.all().iter().map(|b| b.load(SeqCst)).collect()
    }
}

pub struct SharedNumber {
    map: Mapping<AtomicU64>,
}

impl SharedNumber {
    pub fn new(number: f64) -> io::Result<SharedNumber> {
        let map: Mapping<AtomicU64> = Mapping::new(1)?;
        map.all()[0].store(number.to_bits(), SeqCst);
        Ok(SharedNumber { map })
    }
    pub fn get(&self) -> f64 {
        f64::from_bits(self.map.all()[0].load(SeqCst))
    }
    pub fn set(&self, number: f64) {
        self.map.all()[0].store(number.to_bits(), SeqCst);
    }
}

pub struct SharedInts {
    map: Mapping<AtomicI64>,
}

impl SharedInts {
    pub fn new(integers: &[i64]) -> io::Result<SharedInts> {
        let map: Mapping<AtomicI64> = Mapping::new(integers.len())?;
        for (i, n) in integers.iter().enumerate() {
            map.all()[i].store(*n, SeqCst);
        }
        Ok(SharedInts { map })
    }
    pub fn get(&self, index: usize) -> i64 {
        self.map.all()[index].load(SeqCst)
    }
    pub fn set(&self, index: usize, integer: i64) {
        self.map.all()[index].store(integer, SeqCst);
    }
    pub fn update(&self, index: usize, next: impl Fn(i64) -> i64) {
        let _ = self.map.all()[index].fetch_update(SeqCst, SeqCst, |old| Some(next(old)));
    }
    pub fn to_vec(&self) -> Vec<i64> {
        self.map.all().iter().map(|n| n.load(SeqCst)).collect()
    }
}
