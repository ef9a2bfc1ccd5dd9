//! The waiter parks until a guard of the thread says that it is over, and then joins.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle, Thread};

#[derive(Default)]
struct Shared {
    over: AtomicBool,
    waiter: Mutex<Option<Thread>>,
}

struct Bell(Arc<Shared>);

impl Drop for Bell {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::SeqCst);
        let waiter = self.0.waiter.lock().unwrap().take();
        if let Some(t) = waiter {
            t.unpark();
        }
    }
}

pub struct Countdown {
    shared: Arc<Shared>,
    handle: Option<JoinHandle<()>>,
}

impl Countdown {
    pub fn start(from: u32, mut tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let shared = Arc::new(Shared::default());
        let bell = Bell(Arc::clone(&shared));
        let handle = thread::spawn(move || {
            let _bell = bell;
            let mut n = from;
            loop {
                if n == 0 {
                    break;
                }
                tick(n);
                n -= 1;
            }
        });
        Countdown { shared, handle: Some(handle) }
    }

    pub fn is_alive(&self) -> bool {
        self.handle.as_ref().is_some_and(|h| !h.is_finished())
    }

    pub fn join(&mut self) {
        if self.handle.is_none() {
            return;
        }
        *self.shared.waiter.lock().unwrap() = Some(thread::current());
        while !self.shared.over.load(Ordering::SeqCst) {
            thread::park();
        }
        if let Some(handle) = self.handle.take() {
            let _ = handle.join();
        }
    }

    pub fn detach(self) {}
}
