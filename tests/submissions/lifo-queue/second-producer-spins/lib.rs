//! One producer at most sleeps, so that `notify_one` finds the right one.

use std::sync::{Condvar, Mutex};
use std::thread;

struct Pile<T> {
    items: Vec<T>,
    /// Whether a producer sleeps at `room`. One at most, so that notify_one finds the right one.
    somebody_at_the_door: bool,
}

pub struct LifoQueue<T> {
    pile: Mutex<Pile<T>>,
    bound: i64,
    room: Condvar,
    item: Condvar,
}

impl<T> LifoQueue<T> {
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        LifoQueue {
            pile: Mutex::new(Pile { items: Vec::new(), somebody_at_the_door: false }),
            bound: maxsize,
            room: Condvar::new(),
            item: Condvar::new(),
        }
    }

    fn full(&self, pile: &Pile<T>) -> bool {
        self.bound > 0 && pile.items.len() as i64 >= self.bound
    }

    fn push(&self, pile: &mut Pile<T>, item: T) {
        pile.items.push(item);
        self.item.notify_one();
    }

    fn pop(&self, pile: &mut Pile<T>) -> Option<T> {
        let item = pile.items.pop();
        if item.is_some() {
            self.room.notify_one();
        }
        item
    }

    pub fn put(&self, item: T) {
        loop {
            let mut pile = self.pile.lock().unwrap();
            if !self.full(&pile) {
                self.push(&mut pile, item);
                return;
            }
            if pile.somebody_at_the_door {
                // behind him; let others run
                drop(pile);
                thread::yield_now();
                continue;
            }
            pile.somebody_at_the_door = true;
            while self.full(&pile) {
                pile = self.room.wait(pile).unwrap();
            }
            pile.somebody_at_the_door = false;
            self.push(&mut pile, item);
            return;
        }
    }

    pub fn get(&self) -> T {
        let mut pile = self.pile.lock().unwrap();
        loop {
            if let Some(item) = self.pop(&mut pile) {
                return item;
            }
            pile = self.item.wait(pile).unwrap();
        }
    }

    pub fn try_put(&self, item: T) -> Result<(), T> {
        let mut pile = self.pile.lock().unwrap();
        if self.full(&pile) {
            return Err(item);
        }
        self.push(&mut pile, item);
        Ok(())
    }

    pub fn try_get(&self) -> Option<T> {
        self.pop(&mut self.pile.lock().unwrap())
    }

    pub fn len(&self) -> usize {
        self.pile.lock().unwrap().items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
