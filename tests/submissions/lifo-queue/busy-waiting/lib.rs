//! A stack between threads.

use std::sync::Mutex;
use std::thread;

pub struct LifoQueue<T> {
    maxsize: i64,
    items: Mutex<Vec<T>>,
}

impl<T> LifoQueue<T> {
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        LifoQueue { maxsize, items: Mutex::new(Vec::new()) }
    }

    fn is_full(&self, items: &Vec<T>) -> bool {
        self.maxsize > 0 && items.len() >= self.maxsize as usize
    }

    pub fn put(&self, item: T) {
        let mut item = item;
        while let Err(back) = self.try_put(item) {
            item = back;
            thread::yield_now();
        }
    }

    pub fn get(&self) -> T {
        loop {
            if let Some(item) = self.try_get() {
                return item;
            }
            thread::yield_now();
        }
    }

    pub fn try_put(&self, item: T) -> Result<(), T> {
        let mut items = self.items.lock().unwrap();
        if self.is_full(&items) {
            return Err(item);
        }
        items.push(item);
        Ok(())
    }

    pub fn try_get(&self) -> Option<T> {
        self.items.lock().unwrap().pop()
    }

    pub fn len(&self) -> usize {
        self.items.lock().unwrap().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
