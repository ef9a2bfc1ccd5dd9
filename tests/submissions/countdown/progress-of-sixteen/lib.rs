//! The thread tells of each tick, and stands still once sixteen of them were not asked for.

use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};

pub struct Countdown {
    progress: Receiver<u32>,
    handle: Option<JoinHandle<()>>,
}

impl Countdown {
    pub fn start(from: u32, mut tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let (report, progress) = sync_channel(16);
        let handle = thread::spawn(move || {
            for n in (1..=from).rev() {
                tick(n);
                // After a detach nobody listens.
                let _ = report.send(n);
            }
        });
        Countdown { progress, handle: Some(handle) }
    }

    pub fn is_alive(&self) -> bool {
        loop {
            match self.progress.try_recv() {
                Ok(_) => continue,
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    pub fn join(&mut self) {
        while self.progress.recv().is_ok() {}
        if let Some(handle) = self.handle.take() {
            let _ = handle.join();
        }
    }

    pub fn detach(self) {}
}
