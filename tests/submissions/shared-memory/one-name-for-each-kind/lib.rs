//! Memory with a name that is unlinked at the end, and a mutex of POSIX in its first bytes.

use std::ffi::CString;
use std::io;
use std::marker::PhantomData;
use std::mem::{size_of, zeroed};
use std::process::id;
use std::ptr::null_mut;

/// Room for the mutex; the values follow.
const FRONT: usize = 64;

struct Block<T> {
    place: *mut u8,
    length: usize,
    kind: PhantomData<T>,
}

/// The kind of values, and the process that made them.
fn name<T>() -> CString {
    let kind = std::any::type_name::<T>();
    CString::new(format!("/block-{}-{kind}", id())).expect("no zero in it")
}

impl<T: Copy> Block<T> {
    fn new(values: &[T]) -> io::Result<Block<T>> {
        let name = name::<T>();
        let size = FRONT + size_of::<T>() * values.len();
        let flags = libc::O_CREAT | libc::O_RDWR;
        // SAFETY: the name ends with a zero. The file is as long as what is mapped of it, and
        // the mapping stays when the file is closed and its name gone.
        let place = unsafe {
            let file = libc::shm_open(name.as_ptr(), flags, 0o600);
            if file == -1 {
                return Err(io::Error::last_os_error());
            }
            libc::ftruncate(file, size as libc::off_t);
            let protection = libc::PROT_READ | libc::PROT_WRITE;
            let place = libc::mmap(null_mut(), size, protection, libc::MAP_SHARED, file, 0);
            libc::close(file);
            place
        };
        if place == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let block = Block { place: place.cast(), length: values.len(), kind: PhantomData };
        // SAFETY: the mutex fits into the front, which is aligned to a page.
        unsafe {
            let mut attributes = zeroed();
            libc::pthread_mutexattr_init(&mut attributes);
            libc::pthread_mutexattr_setpshared(&mut attributes, libc::PTHREAD_PROCESS_SHARED);
            libc::pthread_mutex_init(block.mutex(), &attributes);
        }
        for (index, value) in values.iter().enumerate() {
            block.change(index, |_| *value);
        }
        Ok(block)
    }

    fn mutex(&self) -> *mut libc::pthread_mutex_t {
        self.place.cast()
    }

    /// Replaces the value at `index`, and returns the one before.
    fn change(&self, index: usize, next: impl FnOnce(T) -> T) -> T {
        assert!(index < self.length, "{index} is outside of {}", self.length);
        // SAFETY: the index is inside, and nobody else looks while the mutex is locked.
        unsafe {
            let value = self.place.add(FRONT).cast::<T>().add(index);
            libc::pthread_mutex_lock(self.mutex());
            let before = value.read();
            value.write(next(before));
            libc::pthread_mutex_unlock(self.mutex());
            before
        }
    }

    fn to_vec(&self) -> Vec<T> {
        (0..self.length).map(|index| self.change(index, |value| value)).collect()
    }
}

impl<T> Drop for Block<T> {
    fn drop(&mut self) {
        let size = FRONT + size_of::<T>() * self.length;
        // SAFETY: mapped with this size in `new`, and the name ends with a zero.
        unsafe {
            libc::munmap(self.place.cast(), size);
            libc::shm_unlink(name::<T>().as_ptr());
        }
    }
}

pub struct SharedBytes(Block<u8>);

impl SharedBytes {
    pub fn new(bytes: &[u8]) -> io::Result<SharedBytes> {
        Block::new(bytes).map(SharedBytes)
    }

    pub fn get(&self, index: usize) -> u8 {
        self.0.change(index, |byte| byte)
    }

    pub fn set(&self, index: usize, byte: u8) {
        self.0.change(index, |_| byte);
    }

    pub fn to_vec(&self) -> Vec<u8> {
        self.0.to_vec()
    }
}

pub struct SharedNumber(Block<f64>);

impl SharedNumber {
    pub fn new(number: f64) -> io::Result<SharedNumber> {
        Block::new(&[number]).map(SharedNumber)
    }

    pub fn get(&self) -> f64 {
        self.0.change(0, |number| number)
    }

    pub fn set(&self, number: f64) {
        self.0.change(0, |_| number);
    }
}

pub struct SharedInts(Block<i64>);

impl SharedInts {
    pub fn new(integers: &[i64]) -> io::Result<SharedInts> {
        Block::new(integers).map(SharedInts)
    }

    pub fn get(&self, index: usize) -> i64 {
        self.0.change(index, |integer| integer)
    }

    pub fn set(&self, index: usize, integer: i64) {
        self.0.change(index, |_| integer);
    }

    pub fn update(&self, index: usize, next: impl Fn(i64) -> i64) {
        self.0.change(index, next);
    }

    pub fn to_vec(&self) -> Vec<i64> {
        self.0.to_vec()
    }
}
