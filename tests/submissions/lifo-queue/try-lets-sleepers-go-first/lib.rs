//! Two condition variables, and who waits has been here first.

use std::sync::{Condvar, Mutex};

struct Stack<T> {
    items: Vec<T>,
    waiting_get: usize,
    waiting_put: usize,
}

pub struct LifoQueue<T> {
    stack: Mutex<Stack<T>>,
    not_empty: Condvar,
    not_full: Condvar,
    max: usize,
}

impl<T> LifoQueue<T> {
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        LifoQueue {
            stack: Mutex::new(Stack { items: Vec::new(), waiting_get: 0, waiting_put: 0 }),
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
            max: if maxsize > 0 { maxsize as usize } else { usize::MAX },
        }
    }

    pub fn put(&self, item: T) {
        let mut stack = self.stack.lock().unwrap();
        stack.waiting_put += 1;
        while stack.items.len() >= self.max {
            stack = self.not_full.wait(stack).unwrap();
        }
        stack.waiting_put -= 1;
        stack.items.push(item);
        self.not_empty.notify_one();
    }

    pub fn get(&self) -> T {
        let mut stack = self.stack.lock().unwrap();
        stack.waiting_get += 1;
        while stack.items.is_empty() {
            stack = self.not_empty.wait(stack).unwrap();
        }
        stack.waiting_get -= 1;
        let item = stack.items.pop().unwrap();
        self.not_full.notify_one();
        item
    }

    /// Who waits was here first, so do not jump the queue.
    pub fn try_put(&self, item: T) -> Result<(), T> {
        let mut stack = self.stack.lock().unwrap();
        if stack.waiting_put > 0 || stack.items.len() >= self.max {
            return Err(item);
        }
        stack.items.push(item);
        self.not_empty.notify_one();
        Ok(())
    }

    pub fn try_get(&self) -> Option<T> {
        let mut stack = self.stack.lock().unwrap();
        if stack.waiting_get > 0 {
            return None;
        }
        let item = stack.items.pop()?;
        self.not_full.notify_one();
        Some(item)
    }

    pub fn len(&self) -> usize {
        self.stack.lock().unwrap().items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
