use std::sync::{Condvar, Mutex};
use std::time::Duration;

pub struct LifoQueue<T> {
    items: Mutex<Vec<T>>,
    not_empty: Condvar,
    not_full: Condvar,
    maxsize: Option<usize>,
}

impl<T> LifoQueue<T> {
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        LifoQueue {
            items: Mutex::new(vec![]),
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
            maxsize: (maxsize > 0).then_some(maxsize as usize),
        }
    }

    fn full(&self, items: &Vec<T>) -> bool {
        self.maxsize.is_some_and(|maxsize| items.len() >= maxsize)
    }

    pub fn put(&self, item: T) {
        let items = self.items.lock().unwrap();
        let mut items = self.not_full.wait_while(items, |items| self.full(items)).unwrap();
        items.push(item);
        self.not_empty.notify_one();
    }

    pub fn get(&self) -> T {
        let items = self.items.lock().unwrap();
        let mut items = self.not_empty.wait_while(items, |items| items.is_empty()).unwrap();
        self.not_full.notify_one();
        items.pop().unwrap()
    }

    pub fn try_put(&self, item: T) -> Result<(), T> {
        let mut items = self.items.lock().unwrap();
        if self.full(&items) {
            Err(item)
        } else {
            items.push(item);
            self.not_empty.notify_one();
            Ok(())
        }
    }

    pub fn try_get(&self) -> Option<T> {
        let items = self.items.lock().unwrap();
        // there may be one in a moment
        let (mut items, _) = self
            .not_empty
            .wait_timeout_while(items, Duration::from_millis(10), |items| items.is_empty())
            .unwrap();
        let item = items.pop()?;
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
