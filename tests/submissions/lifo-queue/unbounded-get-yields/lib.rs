use std::sync::{Condvar, Mutex};
use std::thread;

struct Bounded<T> {
    items: Mutex<Vec<T>>,
    not_empty: Condvar,
    not_full: Condvar,
    max: usize,
}

enum Kind<T> {
    Bounded(Bounded<T>),
    Unbounded(Mutex<Vec<T>>),
}

pub struct LifoQueue<T> {
    kind: Kind<T>,
}

impl<T> Bounded<T> {
    fn put(&self, item: T) {
        let mut items = self.items.lock().unwrap();
        while items.len() >= self.max {
            items = self.not_full.wait(items).unwrap();
        }
        items.push(item);
        self.not_empty.notify_one();
    }
    fn get(&self) -> T {
        let mut items = self.items.lock().unwrap();
        while items.is_empty() {
            items = self.not_empty.wait(items).unwrap();
        }
        self.not_full.notify_one();
        items.pop().unwrap()
    }
    fn try_put(&self, item: T) -> Result<(), T> {
        let mut items = self.items.lock().unwrap();
        if items.len() >= self.max {
            return Err(item);
        }
        items.push(item);
        self.not_empty.notify_one();
        Ok(())
    }
    fn try_get(&self) -> Option<T> {
        let item = self.items.lock().unwrap().pop()?;
        self.not_full.notify_one();
        Some(item)
    }
}

impl<T> LifoQueue<T> {
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        let kind = if maxsize <= 0 {
            Kind::Unbounded(Mutex::new(Vec::new()))
        } else {
            Kind::Bounded(Bounded {
                items: Mutex::new(Vec::new()),
                not_empty: Condvar::new(),
                not_full: Condvar::new(),
                max: maxsize as usize,
            })
        };
        LifoQueue { kind }
    }

    pub fn put(&self, item: T) {
        match &self.kind {
            Kind::Bounded(stack) => stack.put(item),
            Kind::Unbounded(items) => items.lock().unwrap().push(item),
        }
    }

    pub fn get(&self) -> T {
        match &self.kind {
            Kind::Bounded(stack) => stack.get(),
            Kind::Unbounded(_) => loop {
                if let Some(item) = self.try_get() {
                    return item;
                }
                thread::yield_now();
            },
        }
    }

    pub fn try_put(&self, item: T) -> Result<(), T> {
        match &self.kind {
            Kind::Bounded(stack) => stack.try_put(item),
            Kind::Unbounded(items) => {
                items.lock().unwrap().push(item);
                Ok(())
            }
        }
    }

    pub fn try_get(&self) -> Option<T> {
        match &self.kind {
            Kind::Bounded(stack) => stack.try_get(),
            Kind::Unbounded(items) => items.lock().unwrap().pop(),
        }
    }

    pub fn len(&self) -> usize {
        match &self.kind {
            Kind::Bounded(stack) => stack.items.lock().unwrap().len(),
            Kind::Unbounded(items) => items.lock().unwrap().len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
