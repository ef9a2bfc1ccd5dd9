//! Consumers that come before the first item look again and again.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;

struct Belt<T> {
    goods: VecDeque<T>,
    unfinished: usize,
}

pub struct Queue<T> {
    belt: Mutex<Belt<T>>,
    running: AtomicBool, // since the first put
    maxsize: usize,
    goods_came: Condvar,
    goods_went: Condvar,
    all_finished: Condvar,
}

impl<T> Queue<T> {
    pub fn new(maxsize: i64) -> Queue<T> {
        Queue {
            belt: Mutex::new(Belt { goods: VecDeque::new(), unfinished: 0 }),
            running: AtomicBool::new(false),
            maxsize: usize::try_from(maxsize).unwrap_or(0),
            goods_came: Condvar::new(),
            goods_went: Condvar::new(),
            all_finished: Condvar::new(),
        }
    }

    pub fn put(&self, item: T) {
        let mut belt = self.belt.lock().unwrap();
        while self.maxsize != 0 && belt.goods.len() >= self.maxsize {
            belt = self.goods_went.wait(belt).unwrap();
        }
        belt.goods.push_back(item);
        belt.unfinished += 1;
        self.running.store(true, Ordering::Release);
        self.goods_came.notify_one();
    }

    pub fn get(&self) -> T {
        // The producers are about to start.
        while !self.running.load(Ordering::Acquire) {
            thread::yield_now();
        }
        let mut belt = self.belt.lock().unwrap();
        loop {
            match belt.goods.pop_front() {
                Some(item) => {
                    self.goods_went.notify_one();
                    return item;
                }
                None => belt = self.goods_came.wait(belt).unwrap(),
            }
        }
    }

    pub fn len(&self) -> usize {
        self.belt.lock().unwrap().goods.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn task_done(&self) {
        let mut belt = self.belt.lock().unwrap();
        if belt.unfinished == 0 {
            drop(belt);
            panic!("task_done() called too many times");
        }
        belt.unfinished -= 1;
        if belt.unfinished == 0 {
            self.all_finished.notify_all();
        }
    }

    pub fn join(&self) {
        let mut belt = self.belt.lock().unwrap();
        while belt.unfinished > 0 {
            belt = self.all_finished.wait(belt).unwrap();
        }
    }
}
