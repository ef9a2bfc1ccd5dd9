//! Values with interior mutability.

use std::cell::{Cell, RefCell};
use std::io;

pub struct SharedBytes(RefCell<Vec<u8>>);

impl SharedBytes {
    pub fn new(bytes: &[u8]) -> io::Result<SharedBytes> {
        Ok(SharedBytes(RefCell::new(bytes.to_vec())))
    }

    pub fn get(&self, index: usize) -> u8 {
        self.0.borrow()[index]
    }

    pub fn set(&self, index: usize, byte: u8) {
        self.0.borrow_mut()[index] = byte;
    }

    pub fn to_vec(&self) -> Vec<u8> {
        self.0.borrow().clone()
    }
}

pub struct SharedNumber(Cell<f64>);

impl SharedNumber {
    pub fn new(number: f64) -> io::Result<SharedNumber> {
        Ok(SharedNumber(Cell::new(number)))
    }

    pub fn get(&self) -> f64 {
        self.0.get()
    }

    pub fn set(&self, number: f64) {
        self.0.set(number);
    }
}

pub struct SharedInts(RefCell<Vec<i64>>);

impl SharedInts {
    pub fn new(integers: &[i64]) -> io::Result<SharedInts> {
        Ok(SharedInts(RefCell::new(integers.to_vec())))
    }

    pub fn get(&self, index: usize) -> i64 {
        self.0.borrow()[index]
    }

    pub fn set(&self, index: usize, integer: i64) {
        self.0.borrow_mut()[index] = integer;
    }

    pub fn update(&self, index: usize, next: impl Fn(i64) -> i64) {
        let integer = next(self.get(index));
        self.set(index, integer);
    }

    pub fn to_vec(&self) -> Vec<i64> {
        self.0.borrow().clone()
    }
}
