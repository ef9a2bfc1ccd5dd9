//! An atomic flag that is set under the lock, and read without it where nobody has to sleep.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, RwLock};
use std::time::{Duration, Instant};
pub struct Event {
    flag: AtomicBool,
    lock: Mutex<()>,
    cv: Condvar,
}
impl Event {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        Event { flag: AtomicBool::new(false), lock: Mutex::new(()), cv: Condvar::new() }
    }
    pub fn set(&self) {
        {
            let _g = self.lock.lock().unwrap();
            self.flag.store(true, Ordering::Release);
        }
        self.cv.notify_all();
    }
    pub fn clear(&self) {
        self.flag.store(false, Ordering::Release);
    }
    pub fn is_set(&self) -> bool {
        self.flag.load(Ordering::Acquire)
    }
    pub fn wait(&self) {
        if self.is_set() {
            return;
        }
        let mut g = self.lock.lock().unwrap();
        while !self.is_set() {
            g = self.cv.wait(g).unwrap();
        }
    }
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        if self.is_set() {
            return true;
        }
        let deadline = Instant::now().checked_add(timeout);
        let mut g = self.lock.lock().unwrap();
        loop {
            if self.is_set() {
                return true;
            }
            match deadline {
                None => g = self.cv.wait(g).unwrap(),
                Some(d) => {
                    let left = d.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    (g, _) = self.cv.wait_timeout(g, left).unwrap();
                }
            }
        }
    }
}
pub struct Handover {
    password: RwLock<Option<String>>,
    event: Event,
}
impl Handover {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        Handover { password: RwLock::new(None), event: Event::new() }
    }
    pub fn publish(&self, password: &str) {
        *self.password.write().unwrap() = Some(password.into());
        self.event.set();
    }
    pub fn receive(&self) -> String {
        self.event.wait();
        self.password.read().unwrap().clone().expect("published")
    }
}
