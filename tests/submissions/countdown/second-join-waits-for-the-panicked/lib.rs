use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

/// A countdown.
pub struct Countdown {
    done: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Countdown {
    /// Starts.
    pub fn start(from: u32, mut tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let done = Arc::new((Mutex::new(false), Condvar::new()));
        let other = done.clone();
        let thread = thread::spawn(move || {
            for left in (1..=from).rev() {
                tick(left);
            }
            *other.0.lock().unwrap() = true;
            other.1.notify_all();
        });
        Countdown { done, thread: Some(thread) }
    }
    /// Alive?
    pub fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|t| !t.is_finished())
    }
    /// Joins.
    pub fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
            return;
        }
        let mut done = self.done.0.lock().unwrap();
        while !*done {
            done = self.done.1.wait(done).unwrap();
        }
    }
    /// Detaches.
    pub fn detach(self) {}
}
