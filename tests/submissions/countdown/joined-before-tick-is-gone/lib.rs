//! The thread says that it has ended while it still owns `tick`, and `join` waits for that word only.

use std::sync::{Arc, Condvar, Mutex};
use std::thread;

type Ended = Arc<(Mutex<bool>, Condvar)>;

struct AtTheEnd(Ended);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

pub struct Countdown {
    ended: Ended,
}

impl Countdown {
    pub fn start(from: u32, mut tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let ended = Ended::default();
        let theirs = ended.clone();
        // detached from the start
        thread::spawn(move || {
            let _at_the_end = AtTheEnd(theirs);
            for n in (1..=from).rev() {
                tick(n);
            }
        });
        Countdown { ended }
    }

    pub fn is_alive(&self) -> bool {
        !*self.ended.0.lock().unwrap()
    }

    pub fn join(&mut self) {
        let mut ended = self.ended.0.lock().unwrap();
        while !*ended {
            ended = self.ended.1.wait(ended).unwrap();
        }
    }

    pub fn detach(self) {}
}
