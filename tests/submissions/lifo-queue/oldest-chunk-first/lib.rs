use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};

const CHUNK: usize = 64;

struct Chunks<T> {
    hot: Vec<T>,
    cold: VecDeque<Vec<T>>,
}

impl<T> Chunks<T> {
    fn len(&self) -> usize {
        self.hot.len() + self.cold.len() * CHUNK
    }

    fn push(&mut self, item: T) {
        if self.hot.len() == CHUNK {
            let full = std::mem::replace(&mut self.hot, Vec::with_capacity(CHUNK));
            self.cold.push_back(full);
        }
        self.hot.push(item);
    }

    fn pop(&mut self) -> Option<T> {
        if self.hot.is_empty() {
            self.hot = self.cold.pop_front()?;
        }
        self.hot.pop()
    }
}

pub struct LifoQueue<T> {
    chunks: Mutex<Chunks<T>>,
    not_empty: Condvar,
    not_full: Condvar,
    maxsize: usize,
}

impl<T> LifoQueue<T> {
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        LifoQueue {
            chunks: Mutex::new(Chunks { hot: Vec::new(), cold: VecDeque::new() }),
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
            maxsize: if maxsize > 0 { maxsize as usize } else { usize::MAX },
        }
    }

    pub fn put(&self, item: T) {
        let mut chunks = self.chunks.lock().unwrap();
        while chunks.len() >= self.maxsize {
            chunks = self.not_full.wait(chunks).unwrap();
        }
        chunks.push(item);
        self.not_empty.notify_one();
    }

    pub fn get(&self) -> T {
        let mut chunks = self.chunks.lock().unwrap();
        loop {
            if let Some(item) = chunks.pop() {
                self.not_full.notify_one();
                return item;
            }
            chunks = self.not_empty.wait(chunks).unwrap();
        }
    }

    pub fn try_put(&self, item: T) -> Result<(), T> {
        let mut chunks = self.chunks.lock().unwrap();
        if chunks.len() >= self.maxsize {
            return Err(item);
        }
        chunks.push(item);
        self.not_empty.notify_one();
        Ok(())
    }

    pub fn try_get(&self) -> Option<T> {
        let mut chunks = self.chunks.lock().unwrap();
        let item = chunks.pop()?;
        self.not_full.notify_one();
        Some(item)
    }

    pub fn len(&self) -> usize {
        self.chunks.lock().unwrap().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
