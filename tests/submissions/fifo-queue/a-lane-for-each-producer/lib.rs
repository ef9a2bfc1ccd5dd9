use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex};
use std::thread::{self, ThreadId};

/// Fair: each producer has a lane of its own, and they take turns, so that a quick producer does
/// not keep a slow one's items back.
struct Lanes<T> {
    lanes: HashMap<ThreadId, VecDeque<T>>,
    /// Lanes that hold something, in the order of their turns.
    turns: VecDeque<ThreadId>,
    inside: usize,
    unfinished: usize,
}

impl<T> Lanes<T> {
    fn push(&mut self, item: T) {
        let own = thread::current().id();
        let lane = self.lanes.entry(own).or_default();
        if lane.is_empty() {
            self.turns.push_back(own);
        }
        lane.push_back(item);
        self.inside += 1;
        self.unfinished += 1;
    }

    fn pop(&mut self) -> Option<T> {
        let turn = self.turns.pop_front()?;
        let lane = self.lanes.get_mut(&turn)?;
        let item = lane.pop_front();
        if lane.is_empty() {
            self.lanes.remove(&turn);
        } else {
            self.turns.push_back(turn);
        }
        self.inside -= 1;
        item
    }
}

pub struct Queue<T> {
    lanes: Mutex<Lanes<T>>,
    maxsize: Option<usize>,
    has_item: Condvar,
    has_room: Condvar,
    finished: Condvar,
}

impl<T> Queue<T> {
    pub fn new(maxsize: i64) -> Queue<T> {
        Queue {
            lanes: Mutex::new(Lanes {
                lanes: HashMap::new(),
                turns: VecDeque::new(),
                inside: 0,
                unfinished: 0,
            }),
            maxsize: usize::try_from(maxsize).ok().filter(|&most| most > 0),
            has_item: Condvar::new(),
            has_room: Condvar::new(),
            finished: Condvar::new(),
        }
    }

    pub fn put(&self, item: T) {
        let mut lanes = self.lanes.lock().unwrap();
        while self.maxsize.is_some_and(|most| lanes.inside >= most) {
            lanes = self.has_room.wait(lanes).unwrap();
        }
        lanes.push(item);
        self.has_item.notify_one();
    }

    pub fn get(&self) -> T {
        let mut lanes = self.lanes.lock().unwrap();
        loop {
            if let Some(item) = lanes.pop() {
                self.has_room.notify_one();
                return item;
            }
            lanes = self.has_item.wait(lanes).unwrap();
        }
    }

    pub fn len(&self) -> usize {
        self.lanes.lock().unwrap().inside
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn task_done(&self) {
        let mut lanes = self.lanes.lock().unwrap();
        match lanes.unfinished {
            0 => {
                drop(lanes);
                panic!("there is nothing to be done")
            }
            1 => {
                lanes.unfinished = 0;
                self.finished.notify_all();
            }
            _ => lanes.unfinished -= 1,
        }
    }

    pub fn join(&self) {
        let mut lanes = self.lanes.lock().unwrap();
        while lanes.unfinished != 0 {
            lanes = self.finished.wait(lanes).unwrap();
        }
    }
}
