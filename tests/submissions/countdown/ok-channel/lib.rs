//! A thread whose end closes a channel.

use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;

pub struct Countdown {
    /// Nothing ever comes out of it.
    end: Receiver<()>,
}

impl Countdown {
    pub fn start(from: u32, tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let (alive, end) = mpsc::channel();
        thread::spawn(move || {
            (1..=from).rev().for_each(tick);
            drop(alive);
        });
        Countdown { end }
    }

    pub fn is_alive(&self) -> bool {
        self.end.try_recv() == Err(TryRecvError::Empty)
    }

    pub fn join(&mut self) {
        let _ = self.end.recv();
    }

    pub fn detach(self) {}
}
