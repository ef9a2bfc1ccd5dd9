use std::cell::RefCell;
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering::SeqCst};

struct Mapping<T> {
    at: NonNull<T>,
    length: usize,
    maker: u32,
}

impl<T> Mapping<T> {
    fn size(length: usize) -> usize {
        (length * size_of::<T>()).max(1)
    }

    /// `T` is an atomic, for which zeroes are a value.
    fn new(length: usize) -> io::Result<Mapping<T>> {
        if Self::size(length) <= PAGE {
            if let Some(at) = kept() {
                unsafe { at.as_ptr().write_bytes(0, PAGE) };
                return Ok(Mapping { at: at.cast(), length, maker: std::process::id() });
            }
        }
        let at = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                Self::size(length),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if at == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Mapping { at: NonNull::new(at).unwrap().cast(), length, maker: std::process::id() })
    }

    fn all(&self) -> &[T] {
        unsafe { std::slice::from_raw_parts(self.at.as_ptr(), self.length) }
    }
}

/// mmap and munmap are slow. A small mapping (one page) is kept for the next one; by whoever
/// made it only, since a child's is still its parent's.
struct Spare {
    owner: u32,
    at: Option<NonNull<u8>>,
}

thread_local! {
    static SPARE: RefCell<Spare> = const { RefCell::new(Spare { owner: 0, at: None }) };
}

const PAGE: usize = 4096;

fn keep(at: NonNull<u8>, maker: u32) -> bool {
    let own = std::process::id();
    maker == own
        && SPARE.with_borrow_mut(|spare| {
            if spare.at.is_some() {
                return false;
            }
            *spare = Spare { owner: own, at: Some(at) };
            true
        })
}

fn kept() -> Option<NonNull<u8>> {
    SPARE.with_borrow_mut(
        |spare| {
            if spare.owner == std::process::id() { spare.at.take() } else { None }
        },
    )
}

impl<T> Drop for Mapping<T> {
    fn drop(&mut self) {
        let size = Self::size(self.length);
        if size <= PAGE && keep(self.at.cast(), self.maker) {
            return;
        }
        unsafe { libc::munmap(self.at.as_ptr().cast(), size) };
    }
}

pub struct SharedBytes {
    bytes: Mapping<AtomicU8>,
}

impl SharedBytes {
    pub fn new(bytes: &[u8]) -> io::Result<SharedBytes> {
        let mapping = Mapping::<AtomicU8>::new(bytes.len())?;
        mapping.all().iter().zip(bytes).for_each(|(to, from)| to.store(*from, SeqCst));
        Ok(SharedBytes { bytes: mapping })
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
        let bits = Mapping::<AtomicU64>::new(1)?;
        bits.all()[0].store(number.to_bits(), SeqCst);
        Ok(SharedNumber { bits })
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
        let mapping = Mapping::<AtomicI64>::new(integers.len())?;
        mapping.all().iter().zip(integers).for_each(|(to, from)| to.store(*from, SeqCst));
        Ok(SharedInts { integers: mapping })
    }

    pub fn get(&self, index: usize) -> i64 {
        self.integers.all()[index].load(SeqCst)
    }

    pub fn set(&self, index: usize, integer: i64) {
        self.integers.all()[index].store(integer, SeqCst);
    }

    pub fn update(&self, index: usize, next: impl Fn(i64) -> i64) {
        let integer = &self.integers.all()[index];
        let mut before = integer.load(SeqCst);
        while let Err(now) = integer.compare_exchange(before, next(before), SeqCst, SeqCst) {
            before = now;
        }
    }

    pub fn to_vec(&self) -> Vec<i64> {
        self.integers.all().iter().map(|integer| integer.load(SeqCst)).collect()
    }
}
