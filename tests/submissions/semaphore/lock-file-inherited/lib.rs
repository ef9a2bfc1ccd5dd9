//! One lock file for each permit: whoever holds a lock on one of them is inside.

use std::cell::Cell;
use std::fs::{self, File, TryLockError};
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

pub struct Semaphore {
    slots: Vec<File>,
    mine: Cell<Option<usize>>,
}

impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let slots = (0..permits).map(unnamed_file).collect::<io::Result<_>>()?;
        Ok(Semaphore { slots, mine: Cell::new(None) })
    }

    pub fn acquire(&self) -> io::Result<()> {
        for (number, slot) in self.slots.iter().enumerate() {
            match slot.try_lock() {
                Ok(()) => {
                    self.mine.set(Some(number));
                    return Ok(());
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        let number = std::process::id() as usize % self.slots.len();
        self.slots[number].lock()?;
        self.mine.set(Some(number));
        Ok(())
    }

    pub fn release(&self) -> io::Result<()> {
        match self.mine.take() {
            Some(number) => self.slots[number].unlock(),
            None => Ok(()),
        }
    }

    pub fn value(&self) -> io::Result<usize> {
        let mut free = 0;
        for slot in &self.slots {
            if slot.try_lock().is_ok() {
                slot.unlock()?;
                free += 1;
            }
        }
        Ok(free)
    }
}

/// A file to lock, whose name is gone before anybody can see it.
fn unnamed_file(number: usize) -> io::Result<File> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
    let name = format!("slot-{number}-{}-{}", std::process::id(), now.as_nanos());
    let path = std::env::temp_dir().join(name);
    let file = File::create_new(&path)?;
    fs::remove_file(path)?;
    Ok(file)
}

struct Guard<'a> {
    semaphore: &'a Semaphore,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.semaphore.release().expect("the file is open");
    }
}

pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let _guard = Guard { semaphore };
    job()
}
