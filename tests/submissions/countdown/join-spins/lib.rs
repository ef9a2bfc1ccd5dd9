//! `join` asks again and again whether the thread has ended.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

pub struct Countdown {
    thread: Option<JoinHandle<()>>,
}
impl Countdown {
    pub fn start(from: u32, mut tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let _ =
            (Ordering::SeqCst, AtomicBool::new(false), Arc::new(0), Condvar::new(), Mutex::new(0));
        let thread = thread::spawn(move || {
            let mut left = from;
            while left > 0 {
                tick(left);
                left -= 1;
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
        if let Some(thread) = self.thread.take() {
            while !thread.is_finished() {
                thread::yield_now();
            }
        }
    }
    pub fn detach(self) {}
}
