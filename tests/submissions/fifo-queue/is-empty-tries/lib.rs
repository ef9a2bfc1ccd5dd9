//! A lock around the items and the counts; looking is quick, and must not hold up anybody.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};

#[derive(Default)]
struct Counts {
    limit: Option<usize>,
    open: usize,
}

pub struct Queue<T> {
    both: Mutex<(VecDeque<T>, Counts)>,
    signals: [Condvar; 3],
}

const ROOM: usize = 0;
const ITEM: usize = 1;
const DONE: usize = 2;

impl<T> Queue<T> {
    pub fn new(maxsize: i64) -> Queue<T> {
        let limit = if maxsize > 0 { Some(maxsize as usize) } else { None };
        Queue {
            both: Mutex::new((VecDeque::new(), Counts { limit, open: 0 })),
            signals: [Condvar::new(), Condvar::new(), Condvar::new()],
        }
    }

    pub fn put(&self, item: T) {
        let both = self.both.lock().unwrap_or_else(PoisonError::into_inner);
        let mut both = self.signals[ROOM]
            .wait_while(both, |(items, counts)| counts.limit.is_some_and(|l| items.len() >= l))
            .unwrap_or_else(PoisonError::into_inner);
        both.0.push_back(item);
        both.1.open += 1;
        self.signals[ITEM].notify_one();
    }

    pub fn get(&self) -> T {
        let both = self.both.lock().unwrap_or_else(PoisonError::into_inner);
        let mut both = self.signals[ITEM]
            .wait_while(both, |(items, _)| items.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let item = both.0.pop_front().unwrap();
        self.signals[ROOM].notify_one();
        item
    }

    pub fn len(&self) -> usize {
        self.both.lock().unwrap_or_else(PoisonError::into_inner).0.len()
    }

    /// Only a quick look, which must not hold up anybody.
    pub fn is_empty(&self) -> bool {
        match self.both.try_lock() {
            Ok(both) => both.0.is_empty(),
            Err(_) => true,
        }
    }

    pub fn task_done(&self) {
        let mut both = self.both.lock().unwrap_or_else(PoisonError::into_inner);
        both.1.open = both.1.open.checked_sub(1).expect("a task to be done");
        if both.1.open == 0 {
            self.signals[DONE].notify_all();
        }
    }

    pub fn join(&self) {
        let both = self.both.lock().unwrap_or_else(PoisonError::into_inner);
        let _both = self.signals[DONE]
            .wait_while(both, |(_, counts)| counts.open > 0)
            .unwrap_or_else(PoisonError::into_inner);
    }
}
