//! Items are handed over: nobody is woken in vain.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};

struct Tray<T> {
    item: Mutex<Option<T>>,
    changed: Condvar,
}

impl<T> Tray<T> {
    fn with(item: Option<T>) -> Arc<Tray<T>> {
        Arc::new(Tray { item: Mutex::new(item), changed: Condvar::new() })
    }

    fn lay(&self, item: T) {
        *self.item.lock().unwrap() = Some(item);
        self.changed.notify_one();
    }

    fn clear(&self) -> T {
        let item = self.item.lock().unwrap().take();
        self.changed.notify_one();
        item.expect("the producer left it there")
    }

    fn wait_for_item(&self) -> T {
        let mut item = self.item.lock().unwrap();
        loop {
            match item.take() {
                Some(item) => return item,
                None => item = self.changed.wait(item).unwrap(),
            }
        }
    }

    fn wait_till_cleared(&self) {
        let item = self.item.lock().unwrap();
        drop(self.changed.wait_while(item, |item| item.is_some()).unwrap());
    }
}

struct Counter<T> {
    stack: Vec<T>,
    room: Option<usize>,
    // at most one of the two has somebody in it
    hungry: VecDeque<Arc<Tray<T>>>,
    loaded: VecDeque<Arc<Tray<T>>>,
}

impl<T> Counter<T> {
    fn put(&mut self, item: T) -> Result<(), T> {
        if let Some(tray) = self.hungry.pop_front() {
            tray.lay(item);
            return Ok(());
        }
        if self.room.is_some_and(|room| self.stack.len() >= room) {
            return Err(item);
        }
        self.stack.push(item);
        Ok(())
    }

    fn take(&mut self) -> Option<T> {
        let item = self.stack.pop()?;
        if let Some(tray) = self.loaded.pop_front() {
            self.stack.push(tray.clear());
        }
        Some(item)
    }
}

pub struct LifoQueue<T> {
    counter: Mutex<Counter<T>>,
}

impl<T> LifoQueue<T> {
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        let room = if maxsize > 0 { usize::try_from(maxsize).ok() } else { None };
        let counter =
            Counter { stack: vec![], room, hungry: VecDeque::new(), loaded: VecDeque::new() };
        LifoQueue { counter: Mutex::new(counter) }
    }

    pub fn put(&self, item: T) {
        let mut counter = self.counter.lock().unwrap();
        if let Err(item) = counter.put(item) {
            let tray = Tray::with(Some(item));
            counter.loaded.push_back(tray.clone());
            drop(counter);
            tray.wait_till_cleared();
        }
    }

    pub fn get(&self) -> T {
        let mut counter = self.counter.lock().unwrap();
        if let Some(item) = counter.take() {
            return item;
        }
        let tray = Tray::with(None);
        counter.hungry.push_back(tray.clone());
        drop(counter);
        tray.wait_for_item()
    }

    pub fn try_put(&self, item: T) -> Result<(), T> {
        self.counter.lock().unwrap().put(item)
    }

    pub fn try_get(&self) -> Option<T> {
        self.counter.lock().unwrap().take()
    }

    pub fn len(&self) -> usize {
        self.counter.lock().unwrap().stack.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
