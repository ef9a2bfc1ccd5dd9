//! An atomic flag, and a lock for the condition variable only.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

pub struct Event {
    set: AtomicBool,
    lock: Mutex<()>,
    changed: Condvar,
}

impl Event {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        Event { set: AtomicBool::new(false), lock: Mutex::new(()), changed: Condvar::new() }
    }

    pub fn set(&self) {
        self.set.store(true, Ordering::SeqCst);
        self.changed.notify_all();
    }

    pub fn clear(&self) {
        self.set.store(false, Ordering::SeqCst);
    }

    pub fn is_set(&self) -> bool {
        self.set.load(Ordering::SeqCst)
    }

    pub fn wait(&self) {
        let mut guard = self.lock.lock().unwrap();
        while !self.is_set() {
            guard = self.changed.wait(guard).unwrap();
        }
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let guard = self.lock.lock().unwrap();
        drop(self.changed.wait_timeout_while(guard, timeout, |()| !self.is_set()).unwrap());
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
