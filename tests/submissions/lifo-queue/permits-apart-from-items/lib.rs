//! A linked list, a semaphore for the items in it and one for the room.

use std::sync::{Condvar, Mutex};

pub struct LifoQueue<T> {
    top: Mutex<(Link<T>, usize)>,
    items: Semaphore,
    /// None if there is always room.
    room: Option<Semaphore>,
}

type Link<T> = Option<Box<Node<T>>>;

struct Node<T> {
    item: T,
    below: Link<T>,
}

impl<T> LifoQueue<T> {
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        LifoQueue {
            top: Mutex::new((None, 0)),
            items: Semaphore::new(0),
            room: (maxsize > 0).then(|| Semaphore::new(maxsize as usize)),
        }
    }

    pub fn put(&self, item: T) {
        if let Some(room) = &self.room {
            room.acquire();
        }
        self.push(item);
    }

    pub fn get(&self) -> T {
        self.items.acquire();
        self.pop()
    }

    pub fn try_put(&self, item: T) -> Result<(), T> {
        if self.room.as_ref().is_some_and(|room| !room.try_acquire()) {
            return Err(item);
        }
        self.push(item);
        Ok(())
    }

    pub fn try_get(&self) -> Option<T> {
        self.items.try_acquire().then(|| self.pop())
    }

    pub fn len(&self) -> usize {
        self.top.lock().unwrap().1
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// For whoever has a permit for the room.
    fn push(&self, item: T) {
        let mut top = self.top.lock().unwrap();
        let below = top.0.take();
        *top = (Some(Box::new(Node { item, below })), top.1 + 1);
        drop(top);
        self.items.release();
    }

    /// For whoever has a permit for an item.
    fn pop(&self) -> T {
        let mut top = self.top.lock().unwrap();
        let node = top.0.take().expect("each permit is an item");
        *top = (node.below, top.1 - 1);
        drop(top);
        if let Some(room) = &self.room {
            room.release();
        }
        node.item
    }
}

struct Semaphore {
    permits: Mutex<usize>,
    released: Condvar,
}

impl Semaphore {
    fn new(permits: usize) -> Semaphore {
        Semaphore { permits: Mutex::new(permits), released: Condvar::new() }
    }

    fn acquire(&self) {
        let permits = self.permits.lock().unwrap();
        *self.released.wait_while(permits, |permits| *permits == 0).unwrap() -= 1;
    }

    fn try_acquire(&self) -> bool {
        let mut permits = self.permits.lock().unwrap();
        let there = *permits > 0;
        *permits -= usize::from(there);
        there
    }

    fn release(&self) {
        *self.permits.lock().unwrap() += 1;
        self.released.notify_one();
    }
}
