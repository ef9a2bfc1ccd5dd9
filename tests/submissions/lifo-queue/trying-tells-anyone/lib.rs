use std::sync::{Condvar, Mutex};

pub struct LifoQueue<T> {
    items: Mutex<Vec<T>>,
    changed: Condvar,
    maxsize: usize,
}

impl<T> LifoQueue<T> {
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        let maxsize = if maxsize <= 0 { usize::MAX } else { maxsize as usize };
        LifoQueue { items: Mutex::new(Vec::new()), changed: Condvar::new(), maxsize }
    }

    pub fn put(&self, item: T) {
        let mut items = self.items.lock().unwrap();
        while items.len() >= self.maxsize {
            items = self.changed.wait(items).unwrap();
        }
        items.push(item);
        self.changed.notify_all();
    }

    pub fn get(&self) -> T {
        let mut items = self.items.lock().unwrap();
        while items.is_empty() {
            items = self.changed.wait(items).unwrap();
        }
        self.changed.notify_all();
        items.pop().unwrap()
    }

    pub fn try_put(&self, item: T) -> Result<(), T> {
        let mut items = self.items.lock().unwrap();
        if items.len() >= self.maxsize {
            return Err(item);
        }
        items.push(item);
        // one item, one consumer
        self.changed.notify_one();
        Ok(())
    }

    pub fn try_get(&self) -> Option<T> {
        let mut items = self.items.lock().unwrap();
        let item = items.pop();
        if item.is_some() {
            // one place, one producer
            self.changed.notify_one();
        }
        item
    }

    pub fn len(&self) -> usize {
        self.items.lock().unwrap().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
