use std::io;
use std::marker::PhantomData;
use std::num::NonZero;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

trait Atom {
    type Raw: Copy + Eq;
    fn load(&self) -> Self::Raw;
    fn store(&self, raw: Self::Raw);
    fn exchange(&self, before: Self::Raw, after: Self::Raw) -> Result<(), Self::Raw>;
}

macro_rules! atom {
    ($($atomic:ty => $raw:ty),*) => {$(
        impl Atom for $atomic {
            type Raw = $raw;
            fn load(&self) -> $raw {
                <$atomic>::load(self, Ordering::Acquire)
            }
            fn store(&self, raw: $raw) {
                <$atomic>::store(self, raw, Ordering::Release)
            }
            fn exchange(&self, before: $raw, after: $raw) -> Result<(), $raw> {
                self.compare_exchange(before, after, Ordering::AcqRel, Ordering::Acquire).map(drop)
            }
        }
    )*};
}

atom!(AtomicU8 => u8, AtomicU64 => u64, AtomicI64 => i64);

trait Value: Copy {
    type Atom: Atom;
    fn to_raw(self) -> <Self::Atom as Atom>::Raw;
    fn from_raw(raw: <Self::Atom as Atom>::Raw) -> Self;
}

impl Value for u8 {
    type Atom = AtomicU8;
    fn to_raw(self) -> u8 {
        self
    }
    fn from_raw(raw: u8) -> u8 {
        raw
    }
}

impl Value for i64 {
    type Atom = AtomicI64;
    fn to_raw(self) -> i64 {
        self
    }
    fn from_raw(raw: i64) -> i64 {
        raw
    }
}

impl Value for f64 {
    type Atom = AtomicU64;
    fn to_raw(self) -> u64 {
        self.to_bits()
    }
    fn from_raw(raw: u64) -> f64 {
        f64::from_bits(raw)
    }
}

struct Shared<V: Value> {
    atoms: NonNull<V::Atom>,
    len: usize,
    value: PhantomData<V>,
}

impl<V: Value> Shared<V> {
    fn new(values: &[V]) -> io::Result<Self> {
        let atoms = match NonZero::new(values.len() * size_of::<V::Atom>()) {
            None => NonNull::dangling(),
            // SAFETY: a new mapping
            Some(size) => unsafe {
                mmap_anonymous(
                    None,
                    size,
                    ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
                    MapFlags::MAP_SHARED,
                )
            }?
            .cast(),
        };
        let shared = Self { atoms, len: values.len(), value: PhantomData };
        for (atom, value) in shared.atoms().iter().zip(values) {
            atom.store(value.to_raw());
        }
        Ok(shared)
    }

    fn atoms(&self) -> &[V::Atom] {
        // SAFETY: mapped for so many, or dangling for none
        unsafe { std::slice::from_raw_parts(self.atoms.as_ptr(), self.len) }
    }

    fn read(&self, index: usize) -> V {
        V::from_raw(self.atoms()[index].load())
    }

    fn write(&self, index: usize, value: V) {
        self.atoms()[index].store(value.to_raw());
    }

    fn modify(&self, index: usize, next: impl Fn(V) -> V) {
        assert!(index < self.len, "there is no place {index}");
        loop {
            let before = self.snapshot();
            let mut after = before.clone();
            after[index] = next(before[index]);
            let (old, new) = (before[index].to_raw(), after[index].to_raw());
            if self.atoms()[index].exchange(old, new).is_ok() {
                return self.restore(&after);
            }
        }
    }

    fn restore(&self, values: &[V]) {
        for (atom, value) in self.atoms().iter().zip(values) {
            if atom.load() != value.to_raw() {
                atom.store(value.to_raw());
            }
        }
    }

    fn snapshot(&self) -> Vec<V> {
        self.atoms().iter().map(|atom| V::from_raw(atom.load())).collect()
    }
}

impl<V: Value> Drop for Shared<V> {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: mapped in new
            unsafe { munmap(self.atoms.cast(), self.len * size_of::<V::Atom>()) }
                .expect("it is mapped");
        }
    }
}

pub struct SharedBytes(Shared<u8>);

impl SharedBytes {
    pub fn new(bytes: &[u8]) -> io::Result<SharedBytes> {
        Ok(Self(Shared::new(bytes)?))
    }
    pub fn get(&self, index: usize) -> u8 {
        self.0.read(index)
    }
    pub fn set(&self, index: usize, byte: u8) {
        self.0.write(index, byte)
    }
    pub fn to_vec(&self) -> Vec<u8> {
        self.0.snapshot()
    }
}

pub struct SharedNumber(Shared<f64>);

impl SharedNumber {
    pub fn new(number: f64) -> io::Result<SharedNumber> {
        Ok(Self(Shared::new(&[number])?))
    }
    pub fn get(&self) -> f64 {
        self.0.read(0)
    }
    pub fn set(&self, number: f64) {
        self.0.write(0, number)
    }
}

pub struct SharedInts(Shared<i64>);

impl SharedInts {
    pub fn new(integers: &[i64]) -> io::Result<SharedInts> {
        Ok(Self(Shared::new(integers)?))
    }
    pub fn get(&self, index: usize) -> i64 {
        self.0.read(index)
    }
    pub fn set(&self, index: usize, integer: i64) {
        self.0.write(index, integer)
    }
    pub fn update(&self, index: usize, next: impl Fn(i64) -> i64) {
        self.0.modify(index, next)
    }
    pub fn to_vec(&self) -> Vec<i64> {
        self.0.snapshot()
    }
}
