//! A bounded stack between threads: last in, first out.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A stack that threads share. The item that went in last comes out first.
pub struct LifoQueue<T> {
    /// None for a stack without a bound.
    maxsize: Option<usize>,
    /// The top is at the end, where a `Vec` pushes and pops without moving anything.
    items: Mutex<Vec<T>>,
    // One for each reason to sleep, so that `notify_one` reaches somebody whom it helps.
    not_empty: Condvar,
    not_full: Condvar,
}

impl<T> LifoQueue<T> {
    /// An empty stack that holds at most `maxsize` items; without a bound if it is 0 or less.
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        LifoQueue {
            maxsize: usize::try_from(maxsize).ok().filter(|&maxsize| maxsize > 0),
            items: Mutex::new(Vec::new()),
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
        }
    }

    /// Puts `item` on top; sleeps while the stack is full.
    pub fn put(&self, item: T) {
        let items = self.not_full.wait_while(self.items(), |items| self.is_full(items));
        self.push(items.unwrap_or_else(PoisonError::into_inner), item);
    }

    /// Takes the item on top; sleeps while there is none.
    pub fn get(&self) -> T {
        let mut items = self.items();
        loop {
            if let Some(item) = self.pop(&mut items) {
                return item;
            }
            items = self.not_empty.wait(items).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// As `put`, but gives the item back where `put` would sleep.
    pub fn try_put(&self, item: T) -> Result<(), T> {
        // Takes the lock like everybody: that wait is short. What it never does is sleep
        // until somebody else makes room.
        let items = self.items();
        if self.is_full(&items) {
            return Err(item);
        }
        self.push(items, item);
        Ok(())
    }

    /// As `get`, but none where `get` would sleep.
    pub fn try_get(&self) -> Option<T> {
        self.pop(&mut self.items())
    }

    /// How many items are inside at this moment.
    pub fn len(&self) -> usize {
        self.items().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn is_full(&self, items: &[T]) -> bool {
        self.maxsize.is_some_and(|maxsize| items.len() >= maxsize)
    }

    /// Takes the guard, and with it the word that there is room.
    fn push(&self, mut items: MutexGuard<'_, Vec<T>>, item: T) {
        items.push(item);
        self.not_empty.notify_one();
    }

    fn pop(&self, items: &mut Vec<T>) -> Option<T> {
        let was_full = self.is_full(items);
        let item = items.pop()?;
        if was_full {
            self.not_full.notify_one();
        }
        Some(item)
    }

    /// Nothing in here panics halfway, so poison is no reason to stop.
    fn items(&self) -> MutexGuard<'_, Vec<T>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
