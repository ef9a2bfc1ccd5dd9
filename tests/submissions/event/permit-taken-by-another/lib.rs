use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

#[derive(Default)]
struct State {
    set: bool,
    waiting: usize,
    permits: usize,
}

pub struct Event {
    state: Mutex<State>,
    go: Condvar,
}

impl Event {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        Event { state: Mutex::default(), go: Condvar::new() }
    }

    pub fn set(&self) {
        let mut state = self.state.lock().unwrap();
        state.set = true;
        // everybody who waits now has a ticket, whatever happens later
        state.permits += state.waiting;
        state.waiting = 0;
        self.go.notify_all();
    }

    pub fn clear(&self) {
        self.state.lock().unwrap().set = false;
    }

    pub fn is_set(&self) -> bool {
        self.state.lock().unwrap().set
    }

    pub fn wait(&self) {
        let mut state = self.state.lock().unwrap();
        if state.set {
            return;
        }
        state.waiting += 1;
        while state.permits == 0 {
            state = self.go.wait(state).unwrap();
        }
        state.permits -= 1;
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let start = Instant::now();
        let mut state = self.state.lock().unwrap();
        if state.set {
            return true;
        }
        state.waiting += 1;
        while state.permits == 0 {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                state.waiting = state.waiting.saturating_sub(1);
                return false;
            }
            state = self.go.wait_timeout(state, left).unwrap().0;
        }
        state.permits -= 1;
        true
    }
}

pub struct Handover {
    event: Event,
    password: Mutex<Option<String>>,
}

impl Handover {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        Handover { event: Event::new(), password: Mutex::new(None) }
    }

    pub fn publish(&self, password: &str) {
        *self.password.lock().unwrap() = Some(password.to_owned());
        self.event.set();
    }

    pub fn receive(&self) -> String {
        self.event.wait();
        self.password.lock().unwrap().clone().unwrap()
    }
}
