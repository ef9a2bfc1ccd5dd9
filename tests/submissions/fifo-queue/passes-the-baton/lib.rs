//! One condition variable, and whoever is woken for nothing wakes another.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};

struct Inner<T> {
    items: VecDeque<T>,
    undone: usize,
}

pub struct Queue<T> {
    maxsize: i64,
    inner: Mutex<Inner<T>>,
    changed: Condvar,
    all_done: Condvar,
}

impl<T> Queue<T> {
    pub fn new(maxsize: i64) -> Queue<T> {
        Queue {
            maxsize,
            inner: Mutex::new(Inner { items: VecDeque::new(), undone: 0 }),
            changed: Condvar::new(),
            all_done: Condvar::new(),
        }
    }

    fn full(&self, inner: &Inner<T>) -> bool {
        self.maxsize > 0 && inner.items.len() as i64 >= self.maxsize
    }

    fn sleep_while<'a>(
        &'a self,
        mut inner: MutexGuard<'a, Inner<T>>,
        condition: impl Fn(&Inner<T>) -> bool,
    ) -> MutexGuard<'a, Inner<T>> {
        if !condition(&inner) {
            return inner;
        }
        loop {
            inner = self.changed.wait(inner).unwrap();
            if !condition(&inner) {
                return inner;
            }
            // It must have been meant for somebody else.
            self.changed.notify_one();
        }
    }

    pub fn put(&self, item: T) {
        let mut inner = self.sleep_while(self.inner.lock().unwrap(), |inner| self.full(inner));
        inner.items.push_back(item);
        inner.undone += 1;
        self.changed.notify_one();
    }

    pub fn get(&self) -> T {
        let mut inner =
            self.sleep_while(self.inner.lock().unwrap(), |inner| inner.items.is_empty());
        let item = inner.items.pop_front().unwrap();
        self.changed.notify_one();
        item
    }

    pub fn len(&self) -> usize {
        self.inner.lock().unwrap().items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn task_done(&self) {
        let mut inner = self.inner.lock().unwrap();
        match inner.undone {
            0 => {
                drop(inner);
                panic!("nothing to be done");
            }
            1 => {
                inner.undone = 0;
                self.all_done.notify_all();
            }
            _ => inner.undone -= 1,
        }
    }

    pub fn join(&self) {
        let mut inner = self.inner.lock().unwrap();
        while inner.undone > 0 {
            inner = self.all_done.wait(inner).unwrap();
        }
    }
}
