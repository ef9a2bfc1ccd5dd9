//! Everything is built from the two that try, and a count of changes.

use std::sync::{Condvar, Mutex};

/// Counts events. Who wants to sleep notes the count, looks, and sleeps until the count is another.
struct EventCount {
    count: Mutex<u64>,
    moved: Condvar,
}

impl EventCount {
    fn now(&self) -> u64 {
        *self.count.lock().unwrap()
    }

    fn advance(&self) {
        *self.count.lock().unwrap() += 1;
        self.moved.notify_all();
    }

    fn wait_past(&self, seen: u64) {
        let mut count = self.count.lock().unwrap();
        while *count == seen {
            count = self.moved.wait(count).unwrap();
        }
    }
}

pub struct LifoQueue<T> {
    stack: Mutex<Vec<T>>,
    limit: usize,
    puts: EventCount,
    gets: EventCount,
}

impl<T> LifoQueue<T> {
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        let count = || EventCount { count: Mutex::new(0), moved: Condvar::new() };
        LifoQueue {
            stack: Mutex::new(Vec::new()),
            limit: if maxsize > 0 { maxsize as usize } else { usize::MAX },
            puts: count(),
            gets: count(),
        }
    }

    pub fn put(&self, mut item: T) {
        loop {
            let seen = self.gets.now();
            match self.try_put(item) {
                Ok(()) => return,
                Err(back) => item = back,
            }
            self.gets.wait_past(seen);
        }
    }

    pub fn get(&self) -> T {
        loop {
            let seen = self.puts.now();
            if let Some(item) = self.try_get() {
                return item;
            }
            self.puts.wait_past(seen);
        }
    }

    pub fn try_put(&self, item: T) -> Result<(), T> {
        let mut stack = self.stack.lock().unwrap();
        if stack.len() >= self.limit {
            return Err(item);
        }
        stack.push(item);
        drop(stack);
        self.puts.advance();
        Ok(())
    }

    pub fn try_get(&self) -> Option<T> {
        let item = self.stack.lock().unwrap().pop()?;
        self.gets.advance();
        Some(item)
    }

    pub fn len(&self) -> usize {
        self.stack.lock().unwrap().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
