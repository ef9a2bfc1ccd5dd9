//! A queue between threads.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};
use std::thread;

pub struct Queue<T> {
    maxsize: i64,
    state: Mutex<State<T>>,
    all_done: Condvar,
}

struct State<T> {
    items: VecDeque<T>,
    unfinished: usize,
}

impl<T> Queue<T> {
    pub fn new(maxsize: i64) -> Queue<T> {
        let state = State { items: VecDeque::new(), unfinished: 0 };
        Queue { maxsize, state: Mutex::new(state), all_done: Condvar::new() }
    }

    fn is_full(&self, state: &State<T>) -> bool {
        self.maxsize > 0 && state.items.len() >= self.maxsize as usize
    }

    pub fn put(&self, item: T) {
        loop {
            let mut state = self.state.lock().unwrap();
            if !self.is_full(&state) {
                state.items.push_back(item);
                state.unfinished += 1;
                return;
            }
            drop(state);
            thread::yield_now();
        }
    }

    pub fn get(&self) -> T {
        loop {
            if let Some(item) = self.state.lock().unwrap().items.pop_front() {
                return item;
            }
            thread::yield_now();
        }
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
