//! An event that counts how often it was set.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub struct Event {
    state: Mutex<State>,
    changed: Condvar,
}

impl Event {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        Event { state: Mutex::new(State { set: false, sets: 0 }), changed: Condvar::new() }
    }

    pub fn set(&self) {
        let mut state = self.state();
        state.set = true;
        state.sets += 1;
        drop(state);
        self.changed.notify_all();
    }

    pub fn clear(&self) {
        self.state().set = false;
    }

    pub fn is_set(&self) -> bool {
        self.state().set
    }

    pub fn wait(&self) {
        let mut state = self.state();
        let sets = state.sets;
        while !state.happened_since(sets) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let state = self.state();
        let sets = state.sets;
        let waiting = |state: &mut State| !state.happened_since(sets);
        let woken = self.changed.wait_timeout_while(state, timeout, waiting);
        let (state, _) = woken.unwrap_or_else(PoisonError::into_inner);
        state.happened_since(sets)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct State {
    set: bool,
    /// How often it was set. Whoever waits has seen a smaller number.
    sets: u64,
}

impl State {
    fn happened_since(&self, sets: u64) -> bool {
        self.set || self.sets > sets
    }
}

pub struct Handover {
    password: Mutex<String>,
    published: Event,
}

impl Handover {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        Handover { password: Mutex::new(String::new()), published: Event::new() }
    }

    pub fn publish(&self, password: &str) {
        *self.password.lock().unwrap() = password.to_owned();
        self.published.set();
    }

    pub fn receive(&self) -> String {
        self.published.wait();
        self.password.lock().unwrap().clone()
    }
}
