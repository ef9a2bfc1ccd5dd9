//! Items that are not inside yet stand in the same line, behind those that are.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};

struct Line<T> {
    people: VecDeque<T>, // the first `max` are inside, those behind stand before the door
    came: u128,
    left: u128,
    finished: u128,
}

impl<T> Line<T> {
    fn admitted(&self, max: Option<u128>) -> u128 {
        match max {
            None => self.came,
            Some(max) => self.came.min(self.left + max),
        }
    }
}

pub struct Queue<T> {
    line: Mutex<Line<T>>,
    moved: Condvar,
    max: Option<u128>,
}

impl<T> Queue<T> {
    pub fn new(maxsize: i64) -> Queue<T> {
        let line = Line { people: VecDeque::new(), came: 0, left: 0, finished: 0 };
        let max = if maxsize >= 1 { Some(maxsize as u128) } else { None };
        Queue { line: Mutex::new(line), moved: Condvar::new(), max }
    }

    pub fn put(&self, item: T) {
        let mut line = self.line.lock().unwrap();
        let ticket = line.came;
        line.people.push_back(item);
        line.came += 1;
        self.moved.notify_all();
        while ticket >= line.admitted(self.max) {
            line = self.moved.wait(line).unwrap();
        }
    }

    pub fn get(&self) -> T {
        let mut line = self.line.lock().unwrap();
        loop {
            if let Some(first) = line.people.pop_front() {
                line.left += 1;
                self.moved.notify_all();
                return first;
            }
            line = self.moved.wait(line).unwrap();
        }
    }

    pub fn len(&self) -> usize {
        let line = self.line.lock().unwrap();
        (line.admitted(self.max) - line.left) as usize
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn task_done(&self) {
        let mut line = self.line.lock().unwrap();
        let too_many = line.finished >= line.admitted(self.max);
        if !too_many {
            line.finished += 1;
            self.moved.notify_all();
        }
        drop(line);
        assert!(!too_many, "more done than put in");
    }

    pub fn join(&self) {
        let mut line = self.line.lock().unwrap();
        while line.finished < line.admitted(self.max) {
            line = self.moved.wait(line).unwrap();
        }
    }
}
