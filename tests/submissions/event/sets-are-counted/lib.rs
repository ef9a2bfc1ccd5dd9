use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

/// Set as long as the count is not zero.
pub struct Event {
    count: Mutex<u32>,
    changed: Condvar,
}

impl Event {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        Event { count: Mutex::new(0), changed: Condvar::new() }
    }

    pub fn set(&self) {
        let mut count = self.count.lock().unwrap();
        *count += 1;
        self.changed.notify_all();
    }

    pub fn clear(&self) {
        let mut count = self.count.lock().unwrap();
        *count = count.saturating_sub(1);
    }

    pub fn is_set(&self) -> bool {
        *self.count.lock().unwrap() > 0
    }

    pub fn wait(&self) {
        let mut count = self.count.lock().unwrap();
        while *count == 0 {
            count = self.changed.wait(count).unwrap();
        }
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let start = Instant::now();
        let mut count = self.count.lock().unwrap();
        while *count == 0 {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return false;
            }
            (count, _) = self.changed.wait_timeout(count, left).unwrap();
        }
        true
    }
}

pub struct Handover {
    password: Mutex<Option<String>>,
    event: Event,
}

impl Handover {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        Handover { password: Mutex::new(None), event: Event::new() }
    }

    pub fn publish(&self, password: &str) {
        *self.password.lock().unwrap() = Some(password.to_owned());
        self.event.set();
    }

    pub fn receive(&self) -> String {
        self.event.wait();
        self.password.lock().unwrap().clone().unwrap()
    }
}
