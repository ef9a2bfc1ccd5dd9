//! A stack between threads.

use std::sync::{Condvar, Mutex};

pub struct LifoQueue<T> {
    maxsize: i64,
    items: Mutex<Vec<T>>,
    not_empty: Condvar,
    not_full: Condvar,
}

impl<T> LifoQueue<T> {
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        LifoQueue {
            maxsize,
            items: Mutex::new(Vec::new()),
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
        }
    }

    fn is_full(&self, items: &Vec<T>) -> bool {
        self.maxsize > 0 && items.len() >= self.maxsize as usize
    }

    pub fn put(&self, item: T) {
        let mut items = self.items.lock().unwrap();
        while self.is_full(&items) {
            items = self.not_full.wait(items).unwrap();
        }
        items.push(item);
        self.not_empty.notify_one();
    }

    pub fn get(&self) -> T {
        let mut items = self.items.lock().unwrap();
        while items.is_empty() {
            items = self.not_empty.wait(items).unwrap();
        }
        let item = items.pop().unwrap();
        self.not_full.notify_one();
        item
    }

    pub fn try_put(&self, item: T) -> Result<(), T> {
        self.put(item);
        Ok(())
    }

    pub fn try_get(&self) -> Option<T> {
        let item = self.items.lock().unwrap().pop()?;
        self.not_full.notify_one();
        Some(item)
    }

    pub fn len(&self) -> usize {
        self.items.lock().unwrap().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
