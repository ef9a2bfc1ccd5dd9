//! An event that knows who waits for it.

use std::sync::Mutex;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

pub struct Event {
    state: Mutex<State>,
}

impl Event {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        Event { state: Mutex::default() }
    }

    pub fn set(&self) {
        let mut state = self.state.lock().unwrap();
        state.set = true;
        for thread in state.waiting.drain(..) {
            thread.unpark();
        }
    }

    pub fn clear(&self) {
        self.state.lock().unwrap().set = false;
    }

    pub fn is_set(&self) -> bool {
        self.state.lock().unwrap().set
    }

    pub fn wait(&self) {
        // A token that `unpark` left earlier only makes us look once more.
        while !self.set_or_listed() {
            thread::park();
        }
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let start = Instant::now();
        while !self.set_or_listed() {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return false;
            }
            thread::park_timeout(left);
        }
        true
    }

    /// Whether it is set; if not, the caller is on the list when this returns.
    fn set_or_listed(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        if !state.set {
            state.waiting.push(thread::current());
        }
        state.set
    }
}

#[derive(Default)]
struct State {
    set: bool,
    waiting: Vec<Thread>,
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
