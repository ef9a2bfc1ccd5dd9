use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

pub struct Queue<T> {
    items: Mutex<VecDeque<T>>,
    not_empty: Condvar,
    not_full: Condvar,
    undone: AtomicUsize,
    done_lock: Mutex<()>,
    done: Condvar,
    maxsize: usize,
}

impl<T> Queue<T> {
    pub fn new(maxsize: i64) -> Queue<T> {
        Queue {
            items: Mutex::new(VecDeque::new()),
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
            undone: AtomicUsize::new(0),
            done_lock: Mutex::new(()),
            done: Condvar::new(),
            maxsize: if maxsize <= 0 { usize::MAX } else { maxsize as usize },
        }
    }

    pub fn put(&self, item: T) {
        let mut items = self.items.lock().unwrap();
        while items.len() >= self.maxsize {
            items = self.not_full.wait(items).unwrap();
        }
        self.undone.fetch_add(1, Ordering::SeqCst);
        items.push_back(item);
        self.not_empty.notify_one();
    }

    pub fn get(&self) -> T {
        let mut items = self.items.lock().unwrap();
        loop {
            if let Some(item) = items.pop_front() {
                self.not_full.notify_one();
                return item;
            }
            items = self.not_empty.wait(items).unwrap();
        }
    }

    pub fn len(&self) -> usize {
        self.items.lock().unwrap().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn task_done(&self) {
        match self.undone.fetch_sub(1, Ordering::SeqCst) {
            0 => panic!("task_done called too often"),
            1 => {
                let _guard = self.done_lock.lock().unwrap();
                self.done.notify_all();
            }
            _ => {}
        }
    }

    pub fn join(&self) {
        let mut guard = self.done_lock.lock().unwrap();
        while self.undone.load(Ordering::SeqCst) > 0 {
            guard = self.done.wait(guard).unwrap();
        }
    }
}
