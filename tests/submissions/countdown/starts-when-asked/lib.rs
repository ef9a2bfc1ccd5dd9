//! `start` only keeps the closure, and whoever asks, joins or drops starts the thread.

use std::cell::RefCell;
use std::thread::{self, JoinHandle};

enum State {
    Ready(Box<dyn FnOnce() + Send>),
    Running(JoinHandle<()>),
    Done,
}

pub struct Countdown {
    state: RefCell<State>,
}

impl Countdown {
    pub fn start(from: u32, mut tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let body = move || {
            for left in (1..=from).rev() {
                tick(left);
            }
        };
        Countdown { state: RefCell::new(State::Ready(Box::new(body))) }
    }

    fn launch(&self) {
        let mut state = self.state.borrow_mut();
        *state = match std::mem::replace(&mut *state, State::Done) {
            State::Ready(body) => State::Running(thread::spawn(body)),
            other => other,
        };
    }

    pub fn is_alive(&self) -> bool {
        self.launch();
        match &*self.state.borrow() {
            State::Running(h) => !h.is_finished(),
            _ => false,
        }
    }

    pub fn join(&mut self) {
        self.launch();
        if let State::Running(h) = self.state.replace(State::Done) {
            let _ = h.join();
        }
    }

    pub fn detach(self) {}
}

impl Drop for Countdown {
    fn drop(&mut self) {
        self.launch();
    }
}
