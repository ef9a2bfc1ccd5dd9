//! The end of the thread is that of a channel.

use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

pub struct Countdown {
    // nothing is ever sent; it hangs up when the thread is over
    line: Receiver<()>,
}

impl Countdown {
    pub fn start(from: u32, tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let (tx, line) = channel::<()>();
        thread::spawn(move || {
            let mut tick = tick;
            let tx = tx;
            for left in (1..=from).rev() {
                tick(left);
            }
            drop(tick);
            drop(tx);
        });
        Countdown { line }
    }

    pub fn is_alive(&self) -> bool {
        self.line.try_recv() == Err(TryRecvError::Empty)
    }

    pub fn join(&mut self) {
        let _ = self.line.recv();
    }

    pub fn detach(self) {}
}
