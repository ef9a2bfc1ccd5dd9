//! A stack for each thread, under one lock.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex};
use std::thread::{self, ThreadId};

struct Shards<T> {
    of: HashMap<ThreadId, Vec<T>>,
    total: usize,
}

impl<T> Shards<T> {
    fn push(&mut self, item: T) {
        self.of.entry(thread::current().id()).or_insert_with(Vec::new).push(item);
        self.total += 1;
    }

    fn pop(&mut self) -> Option<T> {
        // What this thread put in is still in its cache.
        let own = self.of.get_mut(&thread::current().id()).and_then(|own| own.pop());
        let item = match own {
            Some(item) => item,
            None => self.of.values_mut().max_by_key(|shard| shard.len())?.pop()?,
        };
        self.total -= 1;
        Some(item)
    }
}

pub struct LifoQueue<T> {
    shards: Mutex<Shards<T>>,
    max: usize,
    put_in: Condvar,
    taken_out: Condvar,
}

impl<T> LifoQueue<T> {
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        LifoQueue {
            shards: Mutex::new(Shards { of: HashMap::new(), total: 0 }),
            max: if maxsize > 0 { maxsize as usize } else { usize::MAX },
            put_in: Condvar::new(),
            taken_out: Condvar::new(),
        }
    }

    pub fn put(&self, item: T) {
        let mut shards = self.shards.lock().unwrap();
        while shards.total >= self.max {
            shards = self.taken_out.wait(shards).unwrap();
        }
        shards.push(item);
        self.put_in.notify_one();
    }

    pub fn get(&self) -> T {
        let mut shards = self.shards.lock().unwrap();
        loop {
            if let Some(item) = shards.pop() {
                self.taken_out.notify_one();
                return item;
            }
            shards = self.put_in.wait(shards).unwrap();
        }
    }

    pub fn try_put(&self, item: T) -> Result<(), T> {
        let mut shards = self.shards.lock().unwrap();
        if shards.total >= self.max {
            return Err(item);
        }
        shards.push(item);
        self.put_in.notify_one();
        Ok(())
    }

    pub fn try_get(&self) -> Option<T> {
        let item = self.shards.lock().unwrap().pop()?;
        self.taken_out.notify_one();
        Some(item)
    }

    pub fn len(&self) -> usize {
        self.shards.lock().unwrap().total
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
