//! Whether it is alive is a static, so the end of one is the end of all.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

static ALIVE: AtomicBool = AtomicBool::new(false);
pub struct Countdown {
    thread: Option<JoinHandle<()>>,
}
impl Countdown {
    pub fn start(from: u32, mut tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let _ =
            (Ordering::SeqCst, AtomicBool::new(false), Arc::new(0), Condvar::new(), Mutex::new(0));
        ALIVE.store(true, Ordering::SeqCst);
        let thread = thread::spawn(move || {
            let mut left = from;
            while left > 0 {
                tick(left);
                left -= 1;
            }
            ALIVE.store(false, Ordering::SeqCst);
        });
        Countdown { thread: Some(thread) }
    }
    pub fn is_alive(&self) -> bool {
        ALIVE.load(Ordering::SeqCst)
    }
    pub fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
    pub fn detach(self) {}
}
