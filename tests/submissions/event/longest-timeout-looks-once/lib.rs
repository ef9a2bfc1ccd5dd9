use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

pub struct Event {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Event {
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
        let _set = self.changed.wait_while(self.set.lock().unwrap(), |set| !*set).unwrap();
    }
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let Some(deadline) = Instant::now().checked_add(timeout) else { return self.is_set() };
        let mut set = self.set.lock().unwrap();
        while !*set {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            set = self.changed.wait_timeout(set, left).unwrap().0;
        }
        *set
    }
}

pub struct Handover {
    password: Mutex<String>,
    published: Event,
}
impl Handover {
    pub fn new() -> Handover {
        Handover { password: Mutex::default(), published: Event::new() }
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
