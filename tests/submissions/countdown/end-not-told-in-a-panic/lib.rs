//! The thread says at its end that it has ended, and does not come there when `tick` panics: `join` waits for ever.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

pub struct Countdown {
    state: Arc<(Mutex<bool>, Condvar)>,
}
impl Countdown {
    pub fn start(from: u32, mut tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let _ =
            (Ordering::SeqCst, AtomicBool::new(false), Arc::new(0), Condvar::new(), Mutex::new(0));
        let state = Arc::new((Mutex::new(false), Condvar::new()));
        let end = state.clone();
        thread::spawn(move || {
            let mut left = from;
            while left > 0 {
                tick(left);
                left -= 1;
            }
            *end.0.lock().unwrap() = true;
            end.1.notify_all();
        });
        Countdown { state }
    }
    pub fn is_alive(&self) -> bool {
        !*self.state.0.lock().unwrap()
    }
    pub fn join(&mut self) {
        let mut ended = self.state.0.lock().unwrap();
        while !*ended {
            ended = self.state.1.wait(ended).unwrap();
        }
    }
    pub fn detach(self) {}
}
