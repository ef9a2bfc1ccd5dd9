//! Each event happens once; `clear` begins another.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

#[derive(Default)]
struct Inner {
    set: Mutex<bool>,
    changed: Condvar,
}

pub struct Event {
    inner: Mutex<Arc<Inner>>,
}

impl Event {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        Event { inner: Mutex::default() }
    }

    fn inner(&self) -> Arc<Inner> {
        self.inner.lock().unwrap().clone()
    }

    pub fn set(&self) {
        let current = self.inner.lock().unwrap();
        *current.set.lock().unwrap() = true;
        current.changed.notify_all();
    }

    pub fn clear(&self) {
        // the old one stays set, so that nobody who waited for it is forgotten
        *self.inner.lock().unwrap() = Arc::default();
    }

    pub fn is_set(&self) -> bool {
        *self.inner().set.lock().unwrap()
    }

    pub fn wait(&self) {
        let inner = self.inner();
        let set = inner.set.lock().unwrap();
        drop(inner.changed.wait_while(set, |set| !*set).unwrap());
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let inner = self.inner();
        let set = inner.set.lock().unwrap();
        let (set, _) = inner.changed.wait_timeout_while(set, timeout, |set| !*set).unwrap();
        *set
    }
}

pub struct Handover {
    password: Mutex<String>,
    event: Event,
}

impl Handover {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        Handover { password: Mutex::new(String::new()), event: Event::new() }
    }

    pub fn publish(&self, password: &str) {
        self.password.lock().unwrap().push_str(password);
        self.event.set();
    }

    pub fn receive(&self) -> String {
        self.event.wait();
        self.password.lock().unwrap().to_string()
    }
}
