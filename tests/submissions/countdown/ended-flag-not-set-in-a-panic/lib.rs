//! The thread says at its end that it is not alive any more, and does not come there when `tick` panics.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

pub struct Countdown {
    thread: Option<JoinHandle<()>>,
    alive: Arc<AtomicBool>,
}
impl Countdown {
    pub fn start(from: u32, mut tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let _ =
            (Ordering::SeqCst, AtomicBool::new(false), Arc::new(0), Condvar::new(), Mutex::new(0));
        let alive = Arc::new(AtomicBool::new(true));
        let end = alive.clone();
        let thread = thread::spawn(move || {
            let mut left = from;
            while left > 0 {
                tick(left);
                left -= 1;
            }
            end.store(false, Ordering::SeqCst);
        });
        Countdown { thread: Some(thread), alive }
    }
    pub fn is_alive(&self) -> bool {
        self.alive.load(Ordering::SeqCst)
    }
    pub fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
    pub fn detach(self) {}
}
