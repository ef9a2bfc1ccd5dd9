use std::io;
use std::num::NonZero;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, AtomicUsize, Ordering::SeqCst};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};

/// One mapping for everything: a mapping of its own for eight bytes would waste a page.
struct Arena {
    base: usize,
    used: AtomicUsize,
}

const SIZE: usize = 32 << 20;

static ARENA: OnceLock<Arena> = OnceLock::new();

fn arena() -> io::Result<&'static Arena> {
    if let Some(arena) = ARENA.get() {
        return Ok(arena);
    }
    // SAFETY: the kernel chooses the place
    let base = unsafe {
        mmap_anonymous(
            None,
            NonZero::new(SIZE).unwrap(),
            ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
            MapFlags::MAP_SHARED,
        )?
    };
    let base = base.as_ptr() as usize;
    Ok(ARENA.get_or_init(|| Arena { base, used: AtomicUsize::new(0) }))
}

/// `count` atomics that nobody else has.
fn piece<T>(count: usize) -> io::Result<&'static [T]> {
    let arena = arena()?;
    // everything starts at a multiple of 8
    let bytes = (count * size_of::<T>()).next_multiple_of(8);
    let start = arena.used.fetch_add(bytes, SeqCst);
    if start + bytes > SIZE {
        arena.used.fetch_sub(bytes, SeqCst);
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    // SAFETY: inside the arena, which is never unmapped
    Ok(unsafe { std::slice::from_raw_parts((arena.base + start) as *const T, count) })
}

pub struct SharedBytes {
    cells: &'static [AtomicU8],
}

impl SharedBytes {
    pub fn new(bytes: &[u8]) -> io::Result<SharedBytes> {
        let cells = piece::<AtomicU8>(bytes.len())?;
        for (cell, byte) in cells.iter().zip(bytes) {
            cell.store(*byte, SeqCst);
        }
        Ok(SharedBytes { cells })
    }

    pub fn get(&self, index: usize) -> u8 {
        self.cells[index].load(SeqCst)
    }

    pub fn set(&self, index: usize, byte: u8) {
        self.cells[index].store(byte, SeqCst);
    }

    pub fn to_vec(&self) -> Vec<u8> {
        self.cells.iter().map(|cell| cell.load(SeqCst)).collect()
    }
}

pub struct SharedNumber {
    cell: &'static AtomicU64,
}

impl SharedNumber {
    pub fn new(number: f64) -> io::Result<SharedNumber> {
        let cell = &piece::<AtomicU64>(1)?[0];
        cell.store(number.to_bits(), SeqCst);
        Ok(SharedNumber { cell })
    }

    pub fn get(&self) -> f64 {
        f64::from_bits(self.cell.load(SeqCst))
    }

    pub fn set(&self, number: f64) {
        self.cell.store(number.to_bits(), SeqCst);
    }
}

pub struct SharedInts {
    cells: &'static [AtomicI64],
}

impl SharedInts {
    pub fn new(integers: &[i64]) -> io::Result<SharedInts> {
        let cells = piece::<AtomicI64>(integers.len())?;
        for (cell, integer) in cells.iter().zip(integers) {
            cell.store(*integer, SeqCst);
        }
        Ok(SharedInts { cells })
    }

    pub fn get(&self, index: usize) -> i64 {
        self.cells[index].load(SeqCst)
    }

    pub fn set(&self, index: usize, integer: i64) {
        self.cells[index].store(integer, SeqCst);
    }

    pub fn update(&self, index: usize, next: impl Fn(i64) -> i64) {
        let cell = &self.cells[index];
        let mut before = cell.load(SeqCst);
        loop {
            match cell.compare_exchange(before, next(before), SeqCst, SeqCst) {
                Ok(_) => return,
                Err(now) => before = now,
            }
        }
    }

    pub fn to_vec(&self) -> Vec<i64> {
        self.cells.iter().map(|cell| cell.load(SeqCst)).collect()
    }
}
