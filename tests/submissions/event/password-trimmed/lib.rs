use std::sync::{Condvar, Mutex};
use std::time::Duration;

pub struct Event {
    set: Mutex<bool>,
    changed: Condvar,
}

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
        let set = self.set.lock().unwrap();
        let _set = self.changed.wait_while(set, |set| !*set).unwrap();
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let set = self.set.lock().unwrap();
        let (set, _) = self.changed.wait_timeout_while(set, timeout, |set| !*set).unwrap();
        *set
    }
}

pub struct Handover {
    password: Mutex<Option<String>>,
    published: Event,
}

impl Handover {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        Handover { password: Mutex::new(None), published: Event::new() }
    }

    pub fn publish(&self, password: &str) {
        // without the line break that read_line leaves
        let password = password.trim().to_owned();
        *self.password.lock().unwrap() = Some(password);
        self.published.set();
    }

    pub fn receive(&self) -> String {
        self.published.wait();
        self.password.lock().unwrap().clone().expect("set after the password is there")
    }
}
