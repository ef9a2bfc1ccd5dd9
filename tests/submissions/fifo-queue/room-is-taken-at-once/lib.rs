use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};

struct State<T> {
    items: VecDeque<T>,
    unfinished: usize,
}

pub struct Queue<T> {
    state: Mutex<State<T>>,
    not_empty: Condvar,
    not_full: Condvar,
    all_done: Condvar,
    maxsize: i64,
}

impl<T> Queue<T> {
    pub fn new(maxsize: i64) -> Queue<T> {
        // all memory at once, so that put never has to allocate
        let capacity = if maxsize > 0 { maxsize as usize } else { 16 };
        Queue {
            state: Mutex::new(State { items: VecDeque::with_capacity(capacity), unfinished: 0 }),
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
            all_done: Condvar::new(),
            maxsize,
        }
    }

    pub fn put(&self, item: T) {
        let mut state = self.state.lock().unwrap();
        if self.maxsize > 0 {
            while state.items.len() >= self.maxsize as usize {
                state = self.not_full.wait(state).unwrap();
            }
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
        self.not_full.notify_one();
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
        if state.unfinished == 0 {
            panic!("task_done() called too many times");
        }
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
