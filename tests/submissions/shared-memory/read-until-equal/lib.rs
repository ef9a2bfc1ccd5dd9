use std::cell::UnsafeCell;
use std::io;
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering};

fn map(bytes: usize) -> io::Result<*mut u8> {
    // SAFETY: a new anonymous mapping, nothing is overlapped
    let p = unsafe {
        libc::mmap(
            ptr::null_mut(),
            bytes.max(8),
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if p == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(p.cast()) }
}

fn unmap(p: *mut u8, bytes: usize) {
    // SAFETY: comes from map
    unsafe { libc::munmap(p.cast(), bytes.max(8)) };
}

pub struct SharedBytes {
    p: UnsafeCell<*mut u8>,
    n: usize,
}

impl SharedBytes {
    fn all(&self) -> &[AtomicU8] {
        // SAFETY: n bytes are mapped
        unsafe { slice::from_raw_parts((*self.p.get()).cast(), self.n) }
    }

    pub fn new(bytes: &[u8]) -> io::Result<SharedBytes> {
        let s = SharedBytes { p: UnsafeCell::new(map(bytes.len())?), n: bytes.len() };
        for i in 0..s.n {
            s.set(i, bytes[i]);
        }
        Ok(s)
    }

    pub fn get(&self, index: usize) -> u8 {
        self.all()[index].load(Ordering::SeqCst)
    }

    pub fn set(&self, index: usize, byte: u8) {
        self.all()[index].store(byte, Ordering::SeqCst)
    }

    pub fn to_vec(&self) -> Vec<u8> {
        (0..self.n).map(|i| self.get(i)).collect()
    }
}

impl Drop for SharedBytes {
    fn drop(&mut self) {
        unmap(*self.p.get_mut(), self.n);
    }
}

pub struct SharedNumber {
    p: *mut u8,
}

impl SharedNumber {
    pub fn new(number: f64) -> io::Result<SharedNumber> {
        let s = SharedNumber { p: map(8)? };
        s.set(number);
        Ok(s)
    }

    fn bits(&self) -> &AtomicU64 {
        // SAFETY: eight aligned bytes
        unsafe { &*self.p.cast() }
    }

    fn look(&self) -> f64 {
        f64::from_bits(self.bits().load(Ordering::SeqCst))
    }

    /// Somebody may be in the middle of writing it. What is the same twice is whole.
    pub fn get(&self) -> f64 {
        loop {
            let (first, second) = (self.look(), self.look());
            if first == second {
                return second;
            }
        }
    }

    pub fn set(&self, number: f64) {
        self.bits().store(number.to_bits(), Ordering::SeqCst)
    }
}

impl Drop for SharedNumber {
    fn drop(&mut self) {
        unmap(self.p, 8);
    }
}

pub struct SharedInts {
    p: *mut u8,
    n: usize,
}

impl SharedInts {
    fn all(&self) -> &[AtomicI64] {
        // SAFETY: n times eight bytes are mapped
        unsafe { slice::from_raw_parts(self.p.cast(), self.n) }
    }

    pub fn new(integers: &[i64]) -> io::Result<SharedInts> {
        let s = SharedInts { p: map(integers.len() * 8)?, n: integers.len() };
        for i in 0..s.n {
            s.set(i, integers[i]);
        }
        Ok(s)
    }

    pub fn get(&self, index: usize) -> i64 {
        self.all()[index].load(Ordering::SeqCst)
    }

    pub fn set(&self, index: usize, integer: i64) {
        self.all()[index].store(integer, Ordering::SeqCst)
    }

    pub fn update(&self, index: usize, next: impl Fn(i64) -> i64) {
        let cell = &self.all()[index];
        loop {
            let old = cell.load(Ordering::SeqCst);
            let new = next(old);
            if cell.compare_exchange(old, new, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                break;
            }
        }
    }

    pub fn to_vec(&self) -> Vec<i64> {
        (0..self.n).map(|i| self.get(i)).collect()
    }
}

impl Drop for SharedInts {
    fn drop(&mut self) {
        unmap(self.p, self.n * 8);
    }
}
