//! A thread that counts down.

use std::sync::Mutex;
use std::thread::{self, JoinHandle};

static DETACHED: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());

pub struct Countdown {
    thread: Option<JoinHandle<()>>,
}

impl Countdown {
    pub fn start(from: u32, tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        Countdown { thread: Some(thread::spawn(move || (1..=from).rev().for_each(tick))) }
    }

    pub fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    pub fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
        for thread in DETACHED.lock().unwrap().drain(..) {
            thread.join().unwrap();
        }
    }

    pub fn detach(mut self) {
        DETACHED.lock().unwrap().extend(self.thread.take());
    }
}
