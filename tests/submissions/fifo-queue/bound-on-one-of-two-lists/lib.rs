use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};

struct Boxes<T> {
    inbox: VecDeque<T>,
    outbox: VecDeque<T>,
    unfinished: usize,
}

pub struct Queue<T> {
    boxes: Mutex<Boxes<T>>,
    capacity: usize,
    something: Condvar,
    room: Condvar,
    idle: Condvar,
}

impl<T> Queue<T> {
    pub fn new(maxsize: i64) -> Queue<T> {
        Queue {
            boxes: Mutex::new(Boxes {
                inbox: VecDeque::new(),
                outbox: VecDeque::new(),
                unfinished: 0,
            }),
            capacity: if maxsize > 0 { maxsize as usize } else { usize::MAX },
            something: Condvar::new(),
            room: Condvar::new(),
            idle: Condvar::new(),
        }
    }

    pub fn put(&self, item: T) {
        let mut boxes = self.boxes.lock().unwrap();
        while boxes.inbox.len() == self.capacity {
            boxes = self.room.wait(boxes).unwrap();
        }
        boxes.inbox.push_back(item);
        boxes.unfinished += 1;
        self.something.notify_one();
    }

    pub fn get(&self) -> T {
        let mut boxes = self.boxes.lock().unwrap();
        loop {
            if let Some(item) = boxes.outbox.pop_front() {
                return item;
            }
            if boxes.inbox.is_empty() {
                boxes = self.something.wait(boxes).unwrap();
            } else {
                let b = &mut *boxes;
                std::mem::swap(&mut b.inbox, &mut b.outbox);
                // the whole inbox is free now
                self.room.notify_all();
            }
        }
    }

    pub fn len(&self) -> usize {
        let boxes = self.boxes.lock().unwrap();
        boxes.inbox.len() + boxes.outbox.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn task_done(&self) {
        let mut boxes = self.boxes.lock().unwrap();
        match boxes.unfinished.checked_sub(1) {
            Some(left) => boxes.unfinished = left,
            None => {
                drop(boxes);
                panic!("task_done() called too many times");
            }
        }
        if boxes.unfinished == 0 {
            self.idle.notify_all();
        }
    }

    pub fn join(&self) {
        let boxes = self.boxes.lock().unwrap();
        let _boxes = self.idle.wait_while(boxes, |b| b.unfinished > 0).unwrap();
    }
}
