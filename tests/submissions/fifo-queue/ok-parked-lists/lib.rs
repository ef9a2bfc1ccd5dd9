//! A bounded queue between threads, without a condition variable.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::thread::{self, Thread};

struct State<T> {
    items: VecDeque<T>,
    in_hand: usize,
    getters: Vec<Thread>,
    putters: Vec<Thread>,
    joiners: Vec<Thread>,
}
/// Queue.
pub struct Queue<T> {
    max: usize,
    state: Mutex<State<T>>,
}
fn wake(list: &mut Vec<Thread>) {
    for thread in list.drain(..) {
        thread.unpark();
    }
}
impl<T> Queue<T> {
    /// New.
    pub fn new(maxsize: i64) -> Queue<T> {
        let max = if maxsize <= 0 { usize::MAX } else { maxsize as usize };
        let state = State {
            items: VecDeque::new(),
            in_hand: 0,
            getters: vec![],
            putters: vec![],
            joiners: vec![],
        };
        Queue { max, state: Mutex::new(state) }
    }
    /// Put.
    pub fn put(&self, item: T) {
        loop {
            let mut state = self.state.lock().unwrap();
            if state.items.len() < self.max {
                state.items.push_back(item);
                wake(&mut state.getters);
                return;
            }
            state.putters.push(thread::current());
            drop(state);
            thread::park();
        }
    }
    /// Get.
    pub fn get(&self) -> T {
        loop {
            let mut state = self.state.lock().unwrap();
            if let Some(item) = state.items.pop_front() {
                state.in_hand += 1;
                wake(&mut state.putters);
                return item;
            }
            state.getters.push(thread::current());
            drop(state);
            thread::park();
        }
    }
    /// Length.
    pub fn len(&self) -> usize {
        self.state.lock().unwrap().items.len()
    }
    /// Empty?
    pub fn is_empty(&self) -> bool {
        self.state.lock().unwrap().items.is_empty()
    }
    /// Done.
    pub fn task_done(&self) {
        let mut state = self.state.lock().unwrap();
        if state.in_hand == 0 {
            drop(state);
            panic!("nobody has an item in hand");
        }
        state.in_hand -= 1;
        if state.in_hand == 0 && state.items.is_empty() {
            wake(&mut state.joiners);
        }
    }
    /// Join.
    pub fn join(&self) {
        loop {
            let mut state = self.state.lock().unwrap();
            if state.in_hand == 0 && state.items.is_empty() {
                return;
            }
            state.joiners.push(thread::current());
            drop(state);
            thread::park();
        }
    }
}
