//! A mutex and the values after it. Whoever changes one writes a whole new table.

use std::io;
use std::mem::{size_of, zeroed};
use std::ptr::null_mut;
use std::slice::from_raw_parts_mut;

/// Bytes before the values, in which the mutex is.
const HEAD: usize = 128;

struct Table<T> {
    head: *mut libc::pthread_mutex_t,
    rows: usize,
    first: *mut T,
}

impl<T: Copy> Table<T> {
    fn new(rows: &[T]) -> io::Result<Table<T>> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let sharing = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping, whose first page has room for the mutex.
        unsafe {
            let start = libc::mmap(null_mut(), HEAD + size_of_val(rows), access, sharing, -1, 0);
            if start == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let head = start.cast::<libc::pthread_mutex_t>();
            let mut kind = zeroed();
            libc::pthread_mutexattr_init(&mut kind);
            libc::pthread_mutexattr_setpshared(&mut kind, libc::PTHREAD_PROCESS_SHARED);
            libc::pthread_mutex_init(head, &kind);
            let first = start.cast::<u8>().add(HEAD).cast::<T>();
            from_raw_parts_mut(first, rows.len()).copy_from_slice(rows);
            Ok(Table { head, rows: rows.len(), first })
        }
    }

    fn locked<R>(&self, act: impl FnOnce(&mut [T]) -> R) -> R {
        // SAFETY: made in `new`; between these two calls nobody else has the values.
        unsafe {
            libc::pthread_mutex_lock(self.head);
            let done = act(from_raw_parts_mut(self.first, self.rows));
            libc::pthread_mutex_unlock(self.head);
            done
        }
    }

    fn read(&self, row: usize) -> T {
        assert!(row < self.rows, "there are {} rows, and no row {row}", self.rows);
        self.locked(|all| all[row])
    }

    fn replace(&self, row: usize, next: impl FnOnce(T) -> T) {
        assert!(row < self.rows, "there are {} rows, and no row {row}", self.rows);
        self.locked(|all| {
            let mut copy = all.to_vec();
            copy[row] = next(copy[row]);
            for (there, new) in all.iter_mut().zip(copy) {
                *there = new;
            }
        });
    }
}

impl<T> Drop for Table<T> {
    fn drop(&mut self) {
        // SAFETY: mapped in `new`, as long as this.
        unsafe { libc::munmap(self.head.cast(), HEAD + self.rows * size_of::<T>()) };
    }
}

pub struct SharedBytes(Table<u8>);

impl SharedBytes {
    pub fn new(bytes: &[u8]) -> io::Result<SharedBytes> {
        Ok(SharedBytes(Table::new(bytes)?))
    }

    pub fn get(&self, index: usize) -> u8 {
        self.0.read(index)
    }

    pub fn set(&self, index: usize, byte: u8) {
        self.0.replace(index, |_| byte);
    }

    pub fn to_vec(&self) -> Vec<u8> {
        self.0.locked(|all| all.to_vec())
    }
}

pub struct SharedNumber(Table<f64>);

impl SharedNumber {
    pub fn new(number: f64) -> io::Result<SharedNumber> {
        Ok(SharedNumber(Table::new(&[number])?))
    }

    pub fn get(&self) -> f64 {
        self.0.read(0)
    }

    pub fn set(&self, number: f64) {
        self.0.replace(0, |_| number);
    }
}

pub struct SharedInts(Table<i64>);

impl SharedInts {
    pub fn new(integers: &[i64]) -> io::Result<SharedInts> {
        Ok(SharedInts(Table::new(integers)?))
    }

    pub fn get(&self, index: usize) -> i64 {
        self.0.read(index)
    }

    pub fn set(&self, index: usize, integer: i64) {
        self.0.replace(index, |_| integer);
    }

    pub fn update(&self, index: usize, next: impl Fn(i64) -> i64) {
        self.0.replace(index, next);
    }

    pub fn to_vec(&self) -> Vec<i64> {
        self.0.locked(|all| all.to_vec())
    }
}
