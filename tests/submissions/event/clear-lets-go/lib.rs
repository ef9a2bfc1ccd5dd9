//! A flag and a number of changes.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

struct State {
    set: bool,
    changes: usize,
}

pub struct Event {
    state: Mutex<State>,
    changed: Condvar,
}

impl Event {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        Event { state: Mutex::new(State { set: false, changes: 0 }), changed: Condvar::new() }
    }

    fn change(&self, set: bool) {
        let mut state = self.state.lock().unwrap();
        state.set = set;
        state.changes += 1;
        self.changed.notify_all();
    }

    pub fn set(&self) {
        self.change(true);
    }

    pub fn clear(&self) {
        self.change(false);
    }

    pub fn is_set(&self) -> bool {
        self.state.lock().unwrap().set
    }

    pub fn wait(&self) {
        let mut state = self.state.lock().unwrap();
        let before = state.changes;
        while !state.set && state.changes == before {
            state = self.changed.wait(state).unwrap();
        }
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let state = self.state.lock().unwrap();
        let before = state.changes;
        let not_yet = |state: &mut State| !state.set && state.changes == before;
        let (state, _) = self.changed.wait_timeout_while(state, timeout, not_yet).unwrap();
        state.set || state.changes != before
    }
}

pub struct Handover {
    password: Mutex<Option<String>>,
    event: Event,
}

impl Handover {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        Handover { password: Mutex::new(None), event: Event::new() }
    }

    pub fn publish(&self, password: &str) {
        *self.password.lock().unwrap() = Some(password.to_string());
        self.event.set();
    }

    pub fn receive(&self) -> String {
        self.event.wait();
        self.password.lock().unwrap().clone().unwrap()
    }
}
