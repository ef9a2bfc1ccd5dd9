//! A heap of numbered items: the highest number is on top.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Condvar, Mutex};

struct Numbered<T> {
    number: u64,
    item: T,
}

impl<T> PartialEq for Numbered<T> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}
impl<T> Eq for Numbered<T> {}
impl<T> PartialOrd for Numbered<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Numbered<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.number.cmp(&other.number)
    }
}

pub struct LifoQueue<T> {
    heap: Mutex<BinaryHeap<Numbered<T>>>,
    next: AtomicU64,
    max: usize,
    not_empty: Condvar,
    not_full: Condvar,
}

impl<T> LifoQueue<T> {
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        LifoQueue {
            heap: Mutex::new(BinaryHeap::new()),
            next: AtomicU64::new(0),
            max: if maxsize <= 0 { usize::MAX } else { maxsize as usize },
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
        }
    }

    fn numbered(&self, item: T) -> Numbered<T> {
        Numbered { number: self.next.fetch_add(1, SeqCst), item }
    }

    pub fn put(&self, item: T) {
        let numbered = self.numbered(item);
        let mut heap = self.heap.lock().unwrap();
        while heap.len() >= self.max {
            heap = self.not_full.wait(heap).unwrap();
        }
        heap.push(numbered);
        self.not_empty.notify_one();
    }

    pub fn get(&self) -> T {
        let mut heap = self.heap.lock().unwrap();
        while heap.is_empty() {
            heap = self.not_empty.wait(heap).unwrap();
        }
        let top = heap.pop().unwrap();
        self.not_full.notify_one();
        top.item
    }

    pub fn try_put(&self, item: T) -> Result<(), T> {
        let numbered = self.numbered(item);
        let mut heap = self.heap.lock().unwrap();
        if heap.len() >= self.max {
            return Err(numbered.item);
        }
        heap.push(numbered);
        self.not_empty.notify_one();
        Ok(())
    }

    pub fn try_get(&self) -> Option<T> {
        let top = self.heap.lock().unwrap().pop()?;
        self.not_full.notify_one();
        Some(top.item)
    }

    pub fn len(&self) -> usize {
        self.heap.lock().unwrap().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
