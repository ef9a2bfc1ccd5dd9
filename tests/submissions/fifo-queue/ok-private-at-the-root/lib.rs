//! A queue in parts.
mod waiting {
    use crate::State;
    use std::sync::{Condvar, Mutex, MutexGuard};

    pub(super) struct Shared<T> {
        state: Mutex<State<T>>,
        bell: Condvar,
    }
    impl<T> Shared<T> {
        pub(super) fn new() -> Self {
            Shared { state: Mutex::new(crate::fresh()), bell: Condvar::new() }
        }
        pub(super) fn look(&self) -> MutexGuard<'_, State<T>> {
            self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
        }
        pub(super) fn once(
            &self,
            mut ready: impl FnMut(&State<T>) -> bool,
        ) -> MutexGuard<'_, State<T>> {
            let mut state = self.look();
            while !ready(&state) {
                state = self.bell.wait(state).unwrap();
            }
            state
        }
        pub(super) fn ring(&self) {
            self.bell.notify_all();
        }
    }
}

use std::collections::VecDeque;
struct State<T> {
    items: VecDeque<T>,
    unfinished: usize,
}
fn fresh<T>() -> State<T> {
    State { items: VecDeque::new(), unfinished: 0 }
}

/// Queue.
pub struct Queue<T> {
    max: Option<usize>,
    shared: waiting::Shared<T>,
}
impl<T> Queue<T> {
    /// New.
    pub fn new(maxsize: i64) -> Queue<T> {
        Queue {
            max: if maxsize > 0 { Some(maxsize as usize) } else { None },
            shared: waiting::Shared::new(),
        }
    }
    /// Put.
    pub fn put(&self, item: T) {
        let mut state =
            self.shared.once(|state| self.max.is_none_or(|max| state.items.len() < max));
        state.items.push_back(item);
        state.unfinished += 1;
        self.shared.ring();
    }
    /// Get.
    pub fn get(&self) -> T {
        let mut state = self.shared.once(|state| !state.items.is_empty());
        let item = state.items.pop_front().unwrap();
        self.shared.ring();
        item
    }
    /// Length.
    pub fn len(&self) -> usize {
        self.shared.look().items.len()
    }
    /// Empty?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Done.
    pub fn task_done(&self) {
        let mut state = self.shared.look();
        if state.unfinished == 0 {
            drop(state);
            panic!("too often");
        }
        state.unfinished -= 1;
        self.shared.ring();
    }
    /// Join.
    pub fn join(&self) {
        drop(self.shared.once(|state| state.unfinished == 0));
    }
}
