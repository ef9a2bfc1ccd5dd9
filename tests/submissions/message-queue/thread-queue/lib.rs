//! A queue behind a mutex, with condition variables.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub const LARGEST: usize = 200;

#[derive(Default)]
struct Inside {
    items: VecDeque<Vec<u8>>,
    closed: bool,
}

pub struct Queue {
    capacity: usize,
    inside: Mutex<Inside>,
    changed: Condvar,
}

impl Queue {
    pub fn new(capacity: usize) -> io::Result<Queue> {
        Ok(Queue { capacity, inside: Mutex::default(), changed: Condvar::new() })
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, inside: &mut Inside, item: &[u8]) -> io::Result<()> {
        if item.len() > LARGEST || inside.closed {
            return Err(ErrorKind::InvalidInput.into());
        }
        inside.items.push_back(item.to_vec());
        self.changed.notify_all();
        Ok(())
    }

    pub fn put(&self, item: &[u8]) -> io::Result<()> {
        let mut inside = self.lock();
        while inside.items.len() == self.capacity {
            inside = self.changed.wait(inside).unwrap_or_else(PoisonError::into_inner);
        }
        self.add(&mut inside, item)
    }

    pub fn get(&self) -> io::Result<Option<Vec<u8>>> {
        let mut inside = self.lock();
        while inside.items.is_empty() && !inside.closed {
            inside = self.changed.wait(inside).unwrap_or_else(PoisonError::into_inner);
        }
        self.changed.notify_all();
        Ok(inside.items.pop_front())
    }

    pub fn try_put(&self, item: &[u8]) -> io::Result<bool> {
        let mut inside = self.lock();
        let room = inside.items.len() < self.capacity;
        if room {
            self.add(&mut inside, item)?;
        }
        Ok(room)
    }

    pub fn try_get(&self) -> io::Result<Option<Vec<u8>>> {
        self.changed.notify_all();
        Ok(self.lock().items.pop_front())
    }

    pub fn count(&self) -> io::Result<usize> {
        Ok(self.lock().items.len())
    }

    pub fn close(&self) -> io::Result<()> {
        self.lock().closed = true;
        self.changed.notify_all();
        Ok(())
    }
}
