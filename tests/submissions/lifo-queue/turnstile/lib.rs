//! Producers come in one by one.

use std::sync::{Condvar, Mutex};

pub struct LifoQueue<T> {
    /// Producers enter one by one: first come, first served.
    turnstile: Mutex<()>,
    stack: Mutex<Vec<T>>,
    maxsize: i64,
    not_empty: Condvar,
    not_full: Condvar,
}

impl<T> LifoQueue<T> {
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        LifoQueue {
            turnstile: Mutex::new(()),
            stack: Mutex::new(Vec::new()),
            maxsize,
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
        }
    }

    fn full(&self, stack: &[T]) -> bool {
        self.maxsize > 0 && stack.len() >= self.maxsize as usize
    }

    pub fn put(&self, item: T) {
        let _turn = self.turnstile.lock().unwrap();
        let mut stack = self.stack.lock().unwrap();
        while self.full(&stack) {
            stack = self.not_full.wait(stack).unwrap();
        }
        stack.push(item);
        self.not_empty.notify_one();
    }

    pub fn get(&self) -> T {
        let mut stack = self.stack.lock().unwrap();
        while stack.is_empty() {
            stack = self.not_empty.wait(stack).unwrap();
        }
        // at most one producer is at the condvar
        self.not_full.notify_one();
        stack.pop().unwrap()
    }

    pub fn try_put(&self, item: T) -> Result<(), T> {
        let _turn = self.turnstile.lock().unwrap();
        let mut stack = self.stack.lock().unwrap();
        if self.full(&stack) {
            return Err(item);
        }
        stack.push(item);
        self.not_empty.notify_one();
        Ok(())
    }

    pub fn try_get(&self) -> Option<T> {
        let item = self.stack.lock().unwrap().pop();
        if item.is_some() {
            self.not_full.notify_one();
        }
        item
    }

    pub fn len(&self) -> usize {
        self.stack.lock().unwrap().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
