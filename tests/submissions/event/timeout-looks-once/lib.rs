//! `wait_timeout` waits once: whatever wakes it up ends it, and the time is not up yet.

use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

pub struct Event {
    flag: Mutex<bool>,
    cond: Condvar,
}

impl Event {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        Event { flag: Mutex::new(false), cond: Condvar::new() }
    }
    pub fn set(&self) {
        /*SET*/
        let mut flag = self.flag.lock().unwrap();
        *flag = true;
        self.cond.notify_all();
    }
    pub fn clear(&self) {
        *self.flag.lock().unwrap() = false;
    }
    pub fn is_set(&self) -> bool {
        /*ISSET*/
        *self.flag.lock().unwrap()
    }
    pub fn wait(&self) {
        /*WAIT*/
        let mut flag = self.flag.lock().unwrap();
        while !*flag {
            flag = self.cond.wait(flag).unwrap();
        }
    }
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let _ = Instant::now;
        let mut flag = self.flag.lock().unwrap();
        if !*flag {
            flag = self.cond.wait_timeout(flag, timeout).unwrap().0;
        }
        *flag
    }
}

pub struct Handover {
    password: Mutex<Option<String>>,
    there: Condvar,
}

impl Handover {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        Handover { password: Mutex::new(None), there: Condvar::new() }
    }
    pub fn publish(&self, password: &str) {
        let mut guard = self.password.lock().unwrap();
        *guard = Some(password.to_string());
        self.there.notify_all();
    }
    pub fn receive(&self) -> String {
        let mut guard = self.password.lock().unwrap();
        loop {
            if let Some(password) = &*guard {
                return password.clone();
            }
            guard = self.there.wait(guard).unwrap();
        }
    }
}
