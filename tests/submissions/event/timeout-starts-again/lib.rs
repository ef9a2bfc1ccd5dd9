use std::sync::{Condvar, Mutex};
use std::time::Duration;

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
        let mut set = self.set.lock().unwrap();
        while !*set {
            let (guard, result) = self.changed.wait_timeout(set, timeout).unwrap();
            set = guard;
            if result.timed_out() {
                break;
            }
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
