//! Whoever panics waits for the countdown that it owns.

use std::thread::{self, JoinHandle};

pub struct Countdown {
    handle: Option<JoinHandle<()>>,
}

impl Countdown {
    pub fn start(from: u32, mut tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let handle = thread::spawn(move || (1..=from).rev().for_each(|n| tick(n)));
        Countdown { handle: Some(handle) }
    }

    pub fn is_alive(&self) -> bool {
        self.handle.as_ref().map(|h| !h.is_finished()).unwrap_or(false)
    }

    pub fn join(&mut self) {
        if let Some(h) = self.handle.take() {
            let _ = h.join();
        }
    }

    pub fn detach(mut self) {
        self.handle = None;
    }
}

impl Drop for Countdown {
    fn drop(&mut self) {
        // Something went wrong: end cleanly, no thread may use what is being torn down.
        if thread::panicking() {
            self.join();
        }
    }
}
