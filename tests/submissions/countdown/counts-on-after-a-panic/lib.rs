//! A tick that panics is caught and the next one called, until three have panicked.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, JoinHandle};

pub struct Countdown {
    handle: Option<JoinHandle<()>>,
}

impl Countdown {
    pub fn start(from: u32, mut tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let handle = thread::spawn(move || {
            let mut strikes = 0;
            for left in (1..=from).rev() {
                if catch_unwind(AssertUnwindSafe(|| tick(left))).is_err() {
                    strikes += 1;
                }
                if strikes == 3 {
                    return;
                }
            }
        });
        Countdown { handle: Some(handle) }
    }

    pub fn is_alive(&self) -> bool {
        self.handle.as_ref().is_some_and(|h| !h.is_finished())
    }

    pub fn join(&mut self) {
        if let Some(handle) = self.handle.take() {
            handle.join().unwrap();
        }
    }

    pub fn detach(self) {}
}
