use std::sync::{Condvar, Mutex};

struct Ring<T> {
    cells: Vec<Option<T>>,
    head: usize,
    len: usize,
    unfinished: usize,
}

pub struct Queue<T> {
    ring: Mutex<Ring<T>>,
    not_empty: Condvar,
    not_full: Condvar,
    finished: Condvar,
    maxsize: usize,
}

impl<T> Queue<T> {
    pub fn new(maxsize: i64) -> Queue<T> {
        let maxsize = if maxsize > 0 { maxsize as usize } else { usize::MAX };
        let size = maxsize.min(8);
        let ring =
            Ring { cells: (0..size).map(|_| None).collect(), head: 0, len: 0, unfinished: 0 };
        Queue {
            ring: Mutex::new(ring),
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
            finished: Condvar::new(),
            maxsize,
        }
    }

    pub fn put(&self, item: T) {
        let mut ring = self.ring.lock().unwrap();
        while ring.len >= self.maxsize {
            ring = self.not_full.wait(ring).unwrap();
        }
        if ring.len == ring.cells.len() {
            let more = (ring.cells.len() * 2).min(self.maxsize);
            ring.cells.resize_with(more, || None);
        }
        // the next free cell after the last item
        let size = ring.cells.len();
        let mut tail = (ring.head + ring.len) % size;
        while ring.cells[tail].is_some() {
            tail = (tail + 1) % size;
        }
        ring.cells[tail] = Some(item);
        ring.len += 1;
        ring.unfinished += 1;
        self.not_empty.notify_one();
    }

    pub fn get(&self) -> T {
        let mut ring = self.ring.lock().unwrap();
        while ring.len == 0 {
            ring = self.not_empty.wait(ring).unwrap();
        }
        let size = ring.cells.len();
        while ring.cells[ring.head].is_none() {
            ring.head = (ring.head + 1) % size;
        }
        let head = ring.head;
        let item = ring.cells[head].take().unwrap();
        ring.head = (head + 1) % size;
        ring.len -= 1;
        self.not_full.notify_one();
        item
    }

    pub fn len(&self) -> usize {
        self.ring.lock().unwrap().len
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn task_done(&self) {
        let mut ring = self.ring.lock().unwrap();
        if ring.unfinished == 0 {
            drop(ring);
            panic!("called task_done too often");
        }
        ring.unfinished -= 1;
        if ring.unfinished == 0 {
            self.finished.notify_all();
        }
    }

    pub fn join(&self) {
        let mut ring = self.ring.lock().unwrap();
        while ring.unfinished != 0 {
            ring = self.finished.wait(ring).unwrap();
        }
    }
}
