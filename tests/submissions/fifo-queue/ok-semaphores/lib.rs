//! A list, a semaphore for the room in it and one for the items.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};

pub struct Queue<T> {
    items: Mutex<VecDeque<T>>,
    /// None if there is always room.
    room: Option<Semaphore>,
    filled: Semaphore,
    unfinished: Mutex<usize>,
    all_done: Condvar,
}

impl<T> Queue<T> {
    pub fn new(maxsize: i64) -> Queue<T> {
        let room = usize::try_from(maxsize).ok().filter(|&room| room > 0);
        Queue {
            items: Mutex::new(VecDeque::new()),
            room: room.map(Semaphore::new),
            filled: Semaphore::new(0),
            unfinished: Mutex::new(0),
            all_done: Condvar::new(),
        }
    }

    pub fn put(&self, item: T) {
        if let Some(room) = &self.room {
            room.acquire();
        }
        *self.unfinished.lock().unwrap() += 1;
        self.items.lock().unwrap().push_back(item);
        self.filled.release();
    }

    pub fn get(&self) -> T {
        self.filled.acquire();
        let item = self.items.lock().unwrap().pop_front().expect("each permit is an item");
        if let Some(room) = &self.room {
            room.release();
        }
        item
    }

    pub fn len(&self) -> usize {
        self.items.lock().unwrap().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn task_done(&self) {
        let mut unfinished = self.unfinished.lock().unwrap();
        *unfinished = unfinished.checked_sub(1).expect("there was something to do");
        if *unfinished == 0 {
            self.all_done.notify_all();
        }
    }

    pub fn join(&self) {
        let mut unfinished = self.unfinished.lock().unwrap();
        while *unfinished > 0 {
            unfinished = self.all_done.wait(unfinished).unwrap();
        }
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
        let mut permits = self.permits.lock().unwrap();
        while *permits == 0 {
            permits = self.released.wait(permits).unwrap();
        }
        *permits -= 1;
    }

    fn release(&self) {
        *self.permits.lock().unwrap() += 1;
        self.released.notify_one();
    }
}
