use std::io;
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering::SeqCst};

struct Mapping<T> {
    at: NonNull<T>,
    length: usize,
}

impl<T> Mapping<T> {
    fn size(length: usize) -> usize {
        (length * size_of::<T>()).max(1)
    }

    /// `T` is an atomic, for which zeroes are a value.
    fn new(length: usize) -> io::Result<Mapping<T>> {
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
        Ok(Mapping { at: NonNull::new(at).unwrap().cast(), length })
    }

    fn all(&self) -> &[T] {
        unsafe { std::slice::from_raw_parts(self.at.as_ptr(), self.length) }
    }
}

impl<T> Drop for Mapping<T> {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.at.as_ptr().cast(), Self::size(self.length)) };
    }
}

/// One lock for all integers, in shared memory; made by the first process that makes integers.
struct SpinLock;

static LOCK: OnceLock<Mapping<AtomicBool>> = OnceLock::new();

unsafe impl Send for Mapping<AtomicBool> {}
unsafe impl Sync for Mapping<AtomicBool> {}

impl SpinLock {
    fn prepare() -> io::Result<()> {
        if LOCK.get().is_none() {
            let _ = LOCK.set(Mapping::new(1)?);
        }
        Ok(())
    }

    fn lock() -> SpinLock {
        let flag = &LOCK.get().expect("prepared").all()[0];
        while flag.swap(true, SeqCst) {
            std::thread::yield_now();
        }
        SpinLock
    }
}

impl Drop for SpinLock {
    fn drop(&mut self) {
        LOCK.get().expect("prepared").all()[0].store(false, SeqCst);
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
        SpinLock::prepare()?;
        let mapping = Mapping::<AtomicI64>::new(integers.len())?;
        mapping.all().iter().zip(integers).for_each(|(to, from)| to.store(*from, SeqCst));
        Ok(SharedInts { integers: mapping })
    }

    pub fn get(&self, index: usize) -> i64 {
        self.integers.all()[index].load(SeqCst)
    }

    pub fn set(&self, index: usize, integer: i64) {
        let place = &self.integers.all()[index];
        let _locked = SpinLock::lock();
        place.store(integer, SeqCst);
    }

    pub fn update(&self, index: usize, next: impl Fn(i64) -> i64) {
        let integer = &self.integers.all()[index];
        let _locked = SpinLock::lock();
        integer.store(next(integer.load(SeqCst)), SeqCst);
    }

    pub fn to_vec(&self) -> Vec<i64> {
        self.integers.all().iter().map(|integer| integer.load(SeqCst)).collect()
    }
}
