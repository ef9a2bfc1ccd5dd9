//! The flag is a static, so every event is the same event.

use std::sync::{Condvar, Mutex};
use std::time::Duration;
static FLAG: Mutex<bool> = Mutex::new(false);
static COND: Condvar = Condvar::new();
pub struct Event {}
impl Event {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        *FLAG.lock().unwrap() = false;
        Event {}
    }
    pub fn set(&self) {
        *FLAG.lock().unwrap() = true;
        COND.notify_all();
    }
    pub fn clear(&self) {
        *FLAG.lock().unwrap() = false;
    }
    pub fn is_set(&self) -> bool {
        *FLAG.lock().unwrap()
    }
    pub fn wait(&self) {
        drop(COND.wait_while(FLAG.lock().unwrap(), |set| !*set).unwrap());
    }
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        *COND.wait_timeout_while(FLAG.lock().unwrap(), timeout, |set| !*set).unwrap().0
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
        *self.password.lock().unwrap() = password.to_string();
        self.event.set();
    }
    pub fn receive(&self) -> String {
        self.event.wait();
        self.password.lock().unwrap().clone()
    }
}
