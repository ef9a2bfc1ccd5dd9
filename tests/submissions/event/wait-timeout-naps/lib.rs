use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

pub struct Event {
    set: Mutex<bool>,
    changed: Condvar,
}

const NAP: Duration = Duration::from_millis(25);

impl Event {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        Event { set: Mutex::new(false), changed: Condvar::new() }
    }

    pub fn set(&self) {
        *self.set.lock().unwrap() = true;
        self.changed.notify_all();
    }

    pub fn clear(&self) {
        *self.set.lock().unwrap() = false;
    }

    pub fn is_set(&self) -> bool {
        *self.set.lock().unwrap()
    }

    pub fn wait(&self) {
        let mut set = self.set.lock().unwrap();
        while !*set {
            set = self.changed.wait(set).unwrap();
        }
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let start = Instant::now();
        loop {
            if self.is_set() {
                return true;
            }
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return false;
            }
            thread::sleep(left.min(NAP));
        }
    }
}

pub struct Handover {
    event: Event,
    password: Mutex<String>,
}

impl Handover {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        Handover { event: Event::new(), password: Mutex::new(String::new()) }
    }

    pub fn publish(&self, password: &str) {
        *self.password.lock().unwrap() = password.to_string();
        self.event.set();
    }

    pub fn receive(&self) -> String {
        self.event.wait();
        self.password.lock().unwrap().to_string()
    }
}
