//! Dropped in a panic, it tells its thread to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

pub struct Countdown {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    detached: bool,
}

impl Countdown {
    pub fn start(from: u32, mut tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let stop = Arc::new(AtomicBool::new(false));
        let please = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            for left in (1..=from).rev() {
                if please.load(Ordering::Relaxed) {
                    break;
                }
                tick(left);
            }
        });
        Countdown { stop, thread: Some(thread), detached: false }
    }

    pub fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|t| !t.is_finished())
    }

    pub fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    pub fn detach(mut self) {
        self.detached = true;
    }
}

impl Drop for Countdown {
    fn drop(&mut self) {
        // Something went wrong in the owner: nobody wants the countdown any more.
        if !self.detached && thread::panicking() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}
