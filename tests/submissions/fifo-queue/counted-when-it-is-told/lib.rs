use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
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
    // so that len needs no lock
    len: AtomicUsize,
    maxsize: i64,
}

impl<T> Queue<T> {
    pub fn new(maxsize: i64) -> Queue<T> {
        Queue {
            state: Mutex::new(State { items: VecDeque::new(), unfinished: 0 }),
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
            all_done: Condvar::new(),
            len: AtomicUsize::new(0),
            maxsize,
        }
    }

    pub fn put(&self, item: T) {
        let mut state = self.state.lock().unwrap();
        while self.maxsize > 0 && state.items.len() as i64 >= self.maxsize {
            state = self.not_full.wait(state).unwrap();
        }
        state.items.push_back(item);
        state.unfinished += 1;
        drop(state);
        self.not_empty.notify_one();
        self.len.fetch_add(1, Ordering::SeqCst);
    }

    pub fn get(&self) -> T {
        let mut state = self.state.lock().unwrap();
        while state.items.is_empty() {
            state = self.not_empty.wait(state).unwrap();
        }
        let item = state.items.pop_front().unwrap();
        drop(state);
        self.not_full.notify_one();
        self.len.fetch_sub(1, Ordering::SeqCst);
        item
    }

    pub fn len(&self) -> usize {
        self.len.load(Ordering::SeqCst)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn task_done(&self) {
        let mut state = self.state.lock().unwrap();
        if state.unfinished == 0 {
            drop(state);
            panic!("task_done: nothing is unfinished");
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
