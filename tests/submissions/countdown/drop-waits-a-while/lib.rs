//! Whoever drops a countdown waits for it, but not for long.

use std::thread::{self, JoinHandle};
use std::time::Duration;

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
            let _ = thread.join();
        }
    }

    pub fn detach(self) {}
}

impl Drop for Countdown {
    fn drop(&mut self) {
        // It may come to its end in time.
        for _ in 0..10 {
            if self.is_alive() {
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}
