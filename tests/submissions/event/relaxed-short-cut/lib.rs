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
        let _guard = self.lock.lock().unwrap();
        self.set.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    pub fn clear(&self) {
        let _guard = self.lock.lock().unwrap();
        self.set.store(false, Ordering::Relaxed);
    }

    pub fn is_set(&self) -> bool {
        self.set.load(Ordering::Relaxed)
    }

    pub fn wait(&self) {
        // mostly it is set already
        if self.is_set() {
            return;
        }
        let guard = self.lock.lock().unwrap();
        drop(self.changed.wait_while(guard, |()| !self.is_set()).unwrap());
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        if self.is_set() {
            return true;
        }
        let guard = self.lock.lock().unwrap();
        let (_guard, _) =
            self.changed.wait_timeout_while(guard, timeout, |()| !self.is_set()).unwrap();
        self.is_set()
    }
}

pub struct Handover {
    password: Mutex<Option<String>>,
    event: Event,
}

impl Handover {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        Handover { password: Mutex::new(None), event: Event::new() }
    }

    pub fn publish(&self, password: &str) {
        *self.password.lock().unwrap() = Some(password.to_string());
        self.event.set();
    }

    pub fn receive(&self) -> String {
        self.event.wait();
        self.password.lock().unwrap().clone().unwrap()
    }
}
