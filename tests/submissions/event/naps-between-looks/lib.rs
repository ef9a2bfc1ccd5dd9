//! A flag that is asked now and then.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const NAP: Duration = Duration::from_millis(10);

pub struct Event {
    set: AtomicBool,
}

impl Event {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        Event { set: AtomicBool::new(false) }
    }

    pub fn set(&self) {
        self.set.store(true, Ordering::SeqCst);
    }

    pub fn clear(&self) {
        self.set.store(false, Ordering::SeqCst);
    }

    pub fn is_set(&self) -> bool {
        self.set.load(Ordering::SeqCst)
    }

    pub fn wait(&self) {
        while !self.is_set() {
            thread::sleep(NAP);
        }
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let start = Instant::now();
        while !self.is_set() && start.elapsed() < timeout {
            thread::sleep(NAP);
        }
        self.is_set()
    }
}

pub struct Handover {
    password: Mutex<String>,
    published: Event,
}

impl Handover {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        Handover { password: Mutex::new(String::new()), published: Event::new() }
    }

    pub fn publish(&self, password: &str) {
        *self.password.lock().unwrap() = password.to_owned();
        self.published.set();
    }

    pub fn receive(&self) -> String {
        self.published.wait();
        self.password.lock().unwrap().clone()
    }
}
