//! A countdown that is dropped stops at the next count.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

pub struct Countdown {
    thread: Option<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
}
impl Drop for Countdown {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}
impl Countdown {
    pub fn start(from: u32, mut tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let _ =
            (Ordering::SeqCst, AtomicBool::new(false), Arc::new(0), Condvar::new(), Mutex::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = thread::spawn(move || {
            let mut left = from;
            while left > 0 && !stopped.load(Ordering::SeqCst) {
                tick(left);
                left -= 1;
            }
        });
        Countdown { thread: Some(thread), stop }
    }
    pub fn is_alive(&self) -> bool {
        match &self.thread {
            Some(thread) => !thread.is_finished(),
            None => false,
        }
    }
    pub fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
    pub fn detach(self) {
        std::mem::forget(self);
    }
}
