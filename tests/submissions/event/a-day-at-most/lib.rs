use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

/// Nobody waits longer, and Instant::now() + Duration::MAX panics.
const MAX: Duration = Duration::from_secs(24 * 60 * 60);

pub struct Event {
    set: Mutex<bool>,
    cond: Condvar,
}

impl Event {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        Event { set: Mutex::new(false), cond: Condvar::new() }
    }

    pub fn set(&self) {
        let mut set = self.set.lock().unwrap();
        *set = true;
        self.cond.notify_all();
    }

    pub fn clear(&self) {
        let mut set = self.set.lock().unwrap();
        *set = false;
    }

    pub fn is_set(&self) -> bool {
        *self.set.lock().unwrap()
    }

    pub fn wait(&self) {
        let guard = self.set.lock().unwrap();
        drop(self.cond.wait_while(guard, |set| !*set).unwrap());
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout.min(MAX);
        let mut set = self.set.lock().unwrap();
        loop {
            if *set {
                return true;
            }
            let now = Instant::now();
            if now >= deadline {
                return false;
            }
            set = self.cond.wait_timeout(set, deadline - now).unwrap().0;
        }
    }
}

pub struct Handover {
    password: Mutex<Option<String>>,
    ready: Event,
}

impl Handover {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        Handover { password: Mutex::new(None), ready: Event::new() }
    }

    pub fn publish(&self, password: &str) {
        *self.password.lock().unwrap() = Some(password.into());
        self.ready.set();
    }

    pub fn receive(&self) -> String {
        self.ready.wait();
        self.password.lock().unwrap().clone().unwrap()
    }
}
