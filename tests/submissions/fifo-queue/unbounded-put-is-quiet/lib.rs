use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};

struct State<T> {
    items: VecDeque<T>,
    unfinished: usize,
}
pub struct Queue<T> {
    maxsize: i64,
    state: Mutex<State<T>>,
    not_empty: Condvar,
    not_full: Condvar,
    all_done: Condvar,
}

impl<T> Queue<T> {
    pub fn new(maxsize: i64) -> Queue<T> {
        Queue {
            maxsize,
            state: Mutex::new(State { items: VecDeque::new(), unfinished: 0 }),
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
            all_done: Condvar::new(),
        }
    }
    pub fn put(&self, item: T) {
        let mut state = self.state.lock().unwrap();
        if self.maxsize <= 0 {
            state.items.push_back(item);
            state.unfinished += 1;
            return;
        }
        while state.items.len() >= self.maxsize as usize {
            state = self.not_full.wait(state).unwrap();
        }
        state.items.push_back(item);
        state.unfinished += 1;
        self.not_empty.notify_one();
    }
    pub fn get(&self) -> T {
        let mut state = self.state.lock().unwrap();
        loop {
            if let Some(item) = state.items.pop_front() {
                self.not_full.notify_one();
                return item;
            }
            state = self.not_empty.wait(state).unwrap();
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
        state.unfinished = state.unfinished.checked_sub(1).expect("called too often");
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
