//! The thread unparks whoever called `start` when it ends; if another joins, that one sleeps on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle, Thread};

struct Finish {
    done: Arc<AtomicBool>,
    waiter: Thread,
}

impl Drop for Finish {
    fn drop(&mut self) {
        self.done.store(true, Ordering::SeqCst);
        self.waiter.unpark();
    }
}

pub struct Countdown {
    done: Arc<AtomicBool>,
    handle: Option<JoinHandle<()>>,
}

impl Countdown {
    pub fn start(from: u32, tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let done = Arc::new(AtomicBool::new(false));
        let finish = Finish { done: done.clone(), waiter: thread::current() };
        let handle = thread::spawn(move || {
            let _finish = finish;
            let mut tick = tick;
            for n in (1..=from).rev() {
                tick(n);
            }
        });
        Countdown { done, handle: Some(handle) }
    }

    pub fn is_alive(&self) -> bool {
        !self.done.load(Ordering::SeqCst)
    }

    pub fn join(&mut self) {
        while !self.done.load(Ordering::SeqCst) {
            thread::park();
        }
        if let Some(handle) = self.handle.take() {
            let _ = handle.join();
        }
    }

    pub fn detach(self) {}
}
