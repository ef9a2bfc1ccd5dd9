//! A thread that counts down.

use std::thread::{self, JoinHandle};

pub struct Countdown {
    thread: Option<JoinHandle<()>>,
}

impl Countdown {
    pub fn start(from: u32, mut tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let thread = thread::spawn(move || {
            for left in (1..=from).rev() {
                tick(left);
            }
        });
        Countdown { thread: Some(thread) }
    }

    pub fn is_alive(&self) -> bool {
        match &self.thread {
            Some(thread) => !thread.is_finished(),
            None => false,
        }
    }

    pub fn join(&mut self) {
        let thread = self.thread.take().expect("not joined yet");
        thread.join().unwrap();
    }

    pub fn detach(self) {
        drop(self.thread);
    }
}
