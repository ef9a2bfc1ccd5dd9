//! Sleepers stand in lines, and whoever comes serves the first of the other line.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};

/// Where one sleeper gets what it waits for.
struct Slot<V> {
    value: Mutex<Option<V>>,
    filled: Condvar,
}

impl<V> Slot<V> {
    fn new() -> Arc<Slot<V>> {
        Arc::new(Slot { value: Mutex::new(None), filled: Condvar::new() })
    }

    fn fill(&self, v: V) {
        let mut value = self.value.lock().unwrap();
        *value = Some(v);
        self.filled.notify_one();
    }

    fn take(&self) -> V {
        let mut value = self.value.lock().unwrap();
        loop {
            match value.take() {
                Some(v) => return v,
                None => value = self.filled.wait(value).unwrap(),
            }
        }
    }
}

struct State<T> {
    inside: VecDeque<T>,
    unfinished: usize,
    hungry: VecDeque<Arc<Slot<T>>>,
    outside: VecDeque<(T, Arc<Slot<()>>)>,
    joiners: Vec<Arc<Slot<()>>>,
}

pub struct Queue<T> {
    max: Option<usize>,
    state: Mutex<State<T>>,
}

impl<T> Queue<T> {
    pub fn new(maxsize: i64) -> Queue<T> {
        Queue {
            max: if maxsize <= 0 {
                None
            } else {
                Some(usize::try_from(maxsize).unwrap_or(usize::MAX))
            },
            state: Mutex::new(State {
                inside: VecDeque::new(),
                unfinished: 0,
                hungry: VecDeque::new(),
                outside: VecDeque::new(),
                joiners: Vec::new(),
            }),
        }
    }

    pub fn put(&self, item: T) {
        let mut state = self.state.lock().unwrap();
        if let Some(slot) = state.hungry.pop_front() {
            // nothing inside, so this is the first item
            state.unfinished += 1;
            drop(state);
            slot.fill(item);
            return;
        }
        if self.max.is_none_or(|max| state.inside.len() < max) {
            state.unfinished += 1;
            state.inside.push_back(item);
            return;
        }
        let slot = Slot::new();
        state.outside.push_back((item, Arc::clone(&slot)));
        drop(state);
        slot.take()
    }

    pub fn get(&self) -> T {
        let mut state = self.state.lock().unwrap();
        if let Some(item) = state.inside.pop_front() {
            if let Some((next, slot)) = state.outside.pop_front() {
                state.unfinished += 1;
                state.inside.push_back(next);
                drop(state);
                slot.fill(());
            }
            return item;
        }
        let slot = Slot::new();
        state.hungry.push_back(Arc::clone(&slot));
        drop(state);
        slot.take()
    }

    pub fn len(&self) -> usize {
        self.state.lock().unwrap().inside.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn task_done(&self) {
        let mut state = self.state.lock().unwrap();
        if state.unfinished == 0 {
            drop(state);
            panic!("nothing left to be done");
        }
        state.unfinished -= 1;
        if state.unfinished == 0 {
            let joiners = std::mem::take(&mut state.joiners);
            drop(state);
            joiners.iter().for_each(|slot| slot.fill(()));
        }
    }

    pub fn join(&self) {
        let mut state = self.state.lock().unwrap();
        if state.unfinished == 0 {
            return;
        }
        let slot = Slot::new();
        state.joiners.push(slot.clone());
        drop(state);
        slot.take();
    }
}
