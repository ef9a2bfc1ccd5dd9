//! A thread that says itself when it has ended.

use std::sync::{Arc, Condvar, Mutex};
use std::thread;

pub struct Countdown {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    ended: Mutex<bool>,
    changed: Condvar,
}

/// Says so when it is dropped, which a panic of `tick` does as well.
struct SaysEnd(Arc<State>);

impl Drop for SaysEnd {
    fn drop(&mut self) {
        *self.0.ended.lock().unwrap() = true;
        self.0.changed.notify_all();
    }
}

impl Countdown {
    pub fn start(from: u32, tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let state = Arc::new(State::default());
        let at_end = SaysEnd(Arc::clone(&state));
        thread::spawn(move || {
            let _at_end = at_end;
            (1..=from).rev().for_each(tick);
        });
        Countdown { state }
    }

    pub fn is_alive(&self) -> bool {
        !*self.state.ended.lock().unwrap()
    }

    pub fn join(&mut self) {
        let mut ended = self.state.ended.lock().unwrap();
        while !*ended {
            ended = self.state.changed.wait(ended).unwrap();
        }
    }

    pub fn detach(self) {}
}
