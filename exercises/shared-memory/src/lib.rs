//! Memory that processes share, seen as bytes, as a number and as integers.
//!
//! This is the only file that you edit. `cargo test -p shared-memory` judges it.
//!
//! Whatever is made here is shared with every process that is forked afterwards: what one
//! writes, all read. Two of them have nothing in common, be they made in one process or in two.
//!
//! Several processes may read and write at the same time, and whoever writes one place changes no
//! other. An index that is outside panics; that changes nothing either, and keeps nobody out.
//!
//! What is dropped is given back, all of it; other processes go on with theirs. Nothing is left
//! behind in the system when the last of the processes has ended, even if it was killed.

use std::io;

/// A fixed number of bytes; perhaps none.
pub struct SharedBytes {
    // Where does the memory come from, and who gives it back?
}

impl SharedBytes {
    /// As many bytes as `bytes` has, with their values.
    pub fn new(bytes: &[u8]) -> io::Result<SharedBytes> {
        let _ = bytes;
        todo!("map memory that a fork does not copy")
    }

    /// The byte at `index`; panics if there is none.
    pub fn get(&self, index: usize) -> u8 {
        let _ = index;
        todo!("read one byte")
    }

    /// Replaces the byte at `index`; panics if there is none.
    pub fn set(&self, index: usize, byte: u8) {
        let _ = (index, byte);
        todo!("write one byte")
    }

    /// All bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        todo!("read all bytes")
    }
}

/// One floating-point number.
pub struct SharedNumber {
    // A number of eight bytes, of which nobody may ever see half.
}

impl SharedNumber {
    /// A number with the value `number`.
    pub fn new(number: f64) -> io::Result<SharedNumber> {
        let _ = number;
        todo!("map memory for one number")
    }

    /// The number.
    pub fn get(&self) -> f64 {
        todo!("read it")
    }

    /// Replaces the number, by -0.0 and NaN too.
    pub fn set(&self, number: f64) {
        let _ = number;
        todo!("write it")
    }
}

/// A fixed number of integers; perhaps none. Nobody ever sees half of one.
pub struct SharedInts {
    // How can several processes change one of them, and no change be lost?
}

impl SharedInts {
    /// As many integers as `integers` has, with their values.
    pub fn new(integers: &[i64]) -> io::Result<SharedInts> {
        let _ = integers;
        todo!("map memory for all of them")
    }

    /// The integer at `index`; panics if there is none.
    pub fn get(&self, index: usize) -> i64 {
        let _ = index;
        todo!("read one")
    }

    /// Replaces the integer at `index`; panics if there is none.
    pub fn set(&self, index: usize, integer: i64) {
        let _ = (index, integer);
        todo!("write one")
    }

    /// Replaces the integer at `index` by `next` of it; panics if there is none.
    ///
    /// Nothing is lost that another process writes meanwhile, be it by `update` or by `set`.
    ///
    /// `next` may be called again if another process was quicker; what counts is the last call. It
    /// does not panic, and does nothing with these integers itself, so they (and no others) may be
    /// locked. Whoever is kept out may wait awake or asleep.
    pub fn update(&self, index: usize, next: impl Fn(i64) -> i64) {
        let _ = (index, next);
        todo!("read, compute and write, as if it were one step")
    }

    /// All integers.
    pub fn to_vec(&self) -> Vec<i64> {
        todo!("read all of them")
    }
}
