//! A queue between threads.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};

pub struct Queue<T> {
    maxsize: i64,
    state: Mutex<State<T>>,
    not_empty: Condvar,
    not_full: Condvar,
    all_done: Condvar,
}

struct State<T> {
    items: VecDeque<T>,
    unfinished: usize,
}

impl<T> Queue<T> {
    pub fn new(maxsize: i64) -> Queue<T> {
        let state = State { items: VecDeque::new(), unfinished: 0 };
        Queue {
            maxsize,
            state: Mutex::new(state),
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
            all_done: Condvar::new(),
        }
    }

    fn is_full(&self, state: &State<T>) -> bool {
        self.maxsize > 0 && state.items.len() >= self.maxsize as usize
    }

    pub fn put(&self, item: T) {
        let mut state = self.state.lock().unwrap();
        while self.is_full(&state) {
            state = self.not_full.wait(state).unwrap();
        }
        state.items.push_back(item);
        state.unfinished += 1;
        self.not_empty.notify_one();
    }

    pub fn get(&self) -> T {
        let mut state = self.state.lock().unwrap();
        while state.items.is_empty() {
            state = self.not_empty.wait(state).unwrap();
        }
        let item = state.items.pop_front().unwrap();
        item
    }

    pub fn len(&self) -> usize {
        self.state.lock().unwrap().items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn task_done(&self) {
        let mut state = self.state.lock().unwrap();
        assert!(state.unfinished > 0, "task_done was called too often");
        state.unfinished -= 1;
        if state.unfinished == 0 {
            self.all_done.notify_all();
        }
    }

    pub fn join(&self) {
        let mut state = self.state.lock().unwrap();
        while state.unfinished > 0 {
            state = self.all_done.wait(state).unwrap();
        }
    }
}
