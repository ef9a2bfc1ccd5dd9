use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};

const DEFAULT_SIZE: usize = 1024;

struct State<T> {
    items: VecDeque<T>,
    unfinished: usize,
}

pub struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    maxsize: usize,
}

impl<T> Queue<T> {
    pub fn new(maxsize: i64) -> Queue<T> {
        let maxsize = match maxsize {
            ..=0 => DEFAULT_SIZE,
            n => n as usize,
        };
        let state = State { items: VecDeque::new(), unfinished: 0 };
        Queue { state: Mutex::new(state), changed: Condvar::new(), maxsize }
    }

    pub fn put(&self, item: T) {
        let mut state = self.state.lock().unwrap();
        while state.items.len() == self.maxsize {
            state = self.changed.wait(state).unwrap();
        }
        state.items.push_back(item);
        state.unfinished += 1;
        self.changed.notify_all();
    }

    pub fn get(&self) -> T {
        let mut state = self.state.lock().unwrap();
        while state.items.is_empty() {
            state = self.changed.wait(state).unwrap();
        }
        self.changed.notify_all();
        state.items.pop_front().unwrap()
    }

    pub fn len(&self) -> usize {
        self.state.lock().unwrap().items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn task_done(&self) {
        let mut state = self.state.lock().unwrap();
        state.unfinished = state.unfinished.checked_sub(1).expect("task_done without a task");
        self.changed.notify_all();
    }

    pub fn join(&self) {
        let mut state = self.state.lock().unwrap();
        while state.unfinished > 0 {
            state = self.changed.wait(state).unwrap();
        }
    }
}
