use std::sync::{Arc, Weak};
use std::thread;

/// A countdown.
pub struct Countdown {
    token: Weak<()>,
    handle: Option<thread::JoinHandle<()>>,
}

impl Countdown {
    /// Starts.
    pub fn start(from: u32, tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let mut tick = tick;
        let token = Arc::new(());
        let weak = Arc::downgrade(&token);
        let handle = thread::Builder::new()
            .name("countdown".to_string())
            .spawn(move || {
                let _token = token;
                let mut left = from;
                while left > 0 {
                    tick(left);
                    left -= 1;
                }
            })
            .unwrap();
        Countdown { token: weak, handle: Some(handle) }
    }
    /// Alive?
    pub fn is_alive(&self) -> bool {
        self.token.strong_count() > 0
    }
    /// Joins.
    pub fn join(&mut self) {
        let Some(handle) = self.handle.take() else { return };
        if handle.join().is_err() {
            eprintln!("the countdown panicked");
        }
    }
    /// Detaches.
    pub fn detach(mut self) {
        std::mem::forget(self.handle.take());
    }
}
