//! A `Vec` under a lock, and a counter that needs none.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

pub struct LifoQueue<T> {
    items: Mutex<Vec<T>>,
    count: AtomicUsize,
    max: usize,
    not_empty: Condvar,
    not_full: Condvar,
}

impl<T> LifoQueue<T> {
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        LifoQueue {
            items: Mutex::new(Vec::new()),
            count: AtomicUsize::new(0),
            max: if maxsize <= 0 { usize::MAX } else { maxsize as usize },
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
        }
    }

    fn one_more(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.not_empty.notify_one();
    }

    fn one_less(&self) {
        self.count.fetch_sub(1, Ordering::SeqCst);
        self.not_full.notify_one();
    }

    pub fn put(&self, item: T) {
        let items = self.items.lock().unwrap();
        let mut items = self.not_full.wait_while(items, |items| items.len() >= self.max).unwrap();
        items.push(item);
        drop(items);
        self.one_more();
    }

    pub fn get(&self) -> T {
        let items = self.items.lock().unwrap();
        let mut items = self.not_empty.wait_while(items, |items| items.is_empty()).unwrap();
        let item = items.pop().unwrap();
        drop(items);
        self.one_less();
        item
    }

    pub fn try_put(&self, item: T) -> Result<(), T> {
        let mut items = self.items.lock().unwrap();
        if items.len() >= self.max {
            return Err(item);
        }
        items.push(item);
        drop(items);
        self.one_more();
        Ok(())
    }

    pub fn try_get(&self) -> Option<T> {
        let item = self.items.lock().unwrap().pop();
        if item.is_some() {
            self.one_less();
        }
        item
    }

    /// Needs no lock.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
