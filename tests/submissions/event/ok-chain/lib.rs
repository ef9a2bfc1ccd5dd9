use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

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
        let mut set = self.set.lock().unwrap();
        *set = true;
        self.changed.notify_one();
    }

    pub fn clear(&self) {
        let mut set = self.set.lock().unwrap();
        *set = false;
    }

    pub fn is_set(&self) -> bool {
        let set = self.set.lock().unwrap();
        *set
    }

    pub fn wait(&self) {
        let mut set = self.set.lock().unwrap();
        while !*set {
            set = self.changed.wait(set).unwrap();
        }
        self.changed.notify_one(); // the next one, please
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let started = Instant::now();
        let mut set = self.set.lock().unwrap();
        while !*set {
            let passed = started.elapsed();
            if passed >= timeout {
                return false;
            }
            let (guard, _) = self.changed.wait_timeout(set, timeout - passed).unwrap();
            set = guard;
        }
        self.changed.notify_one();
        true
    }
}

pub struct Handover {
    password: Mutex<Option<String>>,
    published: Condvar,
}

impl Handover {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        Handover { password: Mutex::new(None), published: Condvar::new() }
    }

    pub fn publish(&self, password: &str) {
        let mut slot = self.password.lock().unwrap();
        *slot = Some(String::from(password));
        drop(slot);
        self.published.notify_all();
    }

    pub fn receive(&self) -> String {
        let slot = self.password.lock().unwrap();
        let slot = self.published.wait_while(slot, |slot| slot.is_none()).unwrap();
        slot.as_ref().unwrap().to_string()
    }
}
