//! Whoever makes room promises it to one who waits for it.

use std::sync::{Condvar, Mutex};

struct State<T> {
    items: Vec<T>,
    sleeping: usize,
    promised: usize,
}

pub struct LifoQueue<T> {
    state: Mutex<State<T>>,
    max: usize,
    not_empty: Condvar,
    place: Condvar,
}

impl<T> LifoQueue<T> {
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        LifoQueue {
            state: Mutex::new(State { items: Vec::new(), sleeping: 0, promised: 0 }),
            max: if maxsize > 0 { maxsize as usize } else { usize::MAX },
            not_empty: Condvar::new(),
            place: Condvar::new(),
        }
    }

    fn full(&self, state: &State<T>) -> bool {
        state.items.len() + state.promised >= self.max
    }

    fn made_room(&self, state: &mut State<T>) {
        // nobody may push in before those who wait
        if state.sleeping > 0 {
            state.sleeping -= 1;
            state.promised += 1;
            self.place.notify_one();
        }
    }

    pub fn put(&self, item: T) {
        let mut state = self.state.lock().unwrap();
        if self.full(&state) {
            state.sleeping += 1;
            while state.promised == 0 {
                state = self.place.wait(state).unwrap();
            }
            state.promised -= 1;
        }
        state.items.push(item);
        self.not_empty.notify_one();
    }

    pub fn get(&self) -> T {
        let mut state = self.state.lock().unwrap();
        loop {
            if let Some(item) = state.items.pop() {
                self.made_room(&mut state);
                return item;
            }
            state = self.not_empty.wait(state).unwrap();
        }
    }

    pub fn try_put(&self, item: T) -> Result<(), T> {
        let mut state = self.state.lock().unwrap();
        if self.full(&state) {
            return Err(item);
        }
        state.items.push(item);
        self.not_empty.notify_one();
        Ok(())
    }

    pub fn try_get(&self) -> Option<T> {
        let mut state = self.state.lock().unwrap();
        let item = state.items.pop()?;
        self.made_room(&mut state);
        Some(item)
    }

    pub fn len(&self) -> usize {
        self.state.lock().unwrap().items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
