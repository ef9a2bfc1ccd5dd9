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
    pub fn put(&self, item: T) {
        let mut items = self.items.lock().unwrap();
        if self.maxsize <= 0 {
            items.push(item);
            return;
        }
        while items.len() >= self.maxsize as usize {
            items = self.not_full.wait(items).unwrap();
        }
        items.push(item);
        self.not_empty.notify_one();
    }
    pub fn get(&self) -> T {
        let mut items = self.items.lock().unwrap();
        loop {
            if let Some(item) = items.pop() {
                self.not_full.notify_one();
                return item;
            }
            items = self.not_empty.wait(items).unwrap();
        }
    }
    pub fn try_put(&self, item: T) -> Result<(), T> {
        let mut items = self.items.lock().unwrap();
        if self.maxsize > 0 && items.len() >= self.maxsize as usize {
            return Err(item);
        }
        items.push(item);
        self.not_empty.notify_one();
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
