//! Whoever brings an item promises it to one who waits for it.

use std::sync::{Condvar, Mutex};

struct State<T> {
    items: Vec<T>,
    sleeping: usize,
    promised: usize,
}

pub struct LifoQueue<T> {
    state: Mutex<State<T>>,
    max: usize,
    not_full: Condvar,
    item: Condvar,
}

impl<T> LifoQueue<T> {
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        LifoQueue {
            state: Mutex::new(State { items: Vec::new(), sleeping: 0, promised: 0 }),
            max: if maxsize > 0 { maxsize as usize } else { usize::MAX },
            not_full: Condvar::new(),
            item: Condvar::new(),
        }
    }

    fn came(&self, state: &mut State<T>) {
        if state.sleeping > 0 {
            state.sleeping -= 1;
            state.promised += 1;
            self.item.notify_one();
        }
    }

    pub fn put(&self, item: T) {
        let mut state = self.state.lock().unwrap();
        while state.items.len() >= self.max {
            state = self.not_full.wait(state).unwrap();
        }
        state.items.push(item);
        self.came(&mut state);
    }

    pub fn get(&self) -> T {
        let mut state = self.state.lock().unwrap();
        if state.items.len() <= state.promised {
            state.sleeping += 1;
            while state.promised == 0 {
                state = self.item.wait(state).unwrap();
            }
            state.promised -= 1;
        }
        self.not_full.notify_one();
        state.items.pop().unwrap()
    }

    pub fn try_put(&self, item: T) -> Result<(), T> {
        let mut state = self.state.lock().unwrap();
        if state.items.len() >= self.max {
            return Err(item);
        }
        state.items.push(item);
        self.came(&mut state);
        Ok(())
    }

    pub fn try_get(&self) -> Option<T> {
        let mut state = self.state.lock().unwrap();
        if state.items.len() <= state.promised {
            return None;
        }
        self.not_full.notify_one();
        state.items.pop()
    }

    pub fn len(&self) -> usize {
        self.state.lock().unwrap().items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
