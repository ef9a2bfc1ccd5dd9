//! From the Little Book of Semaphores: a turnstile that everybody passes one after the other.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, RwLock};
use std::time::{Duration, Instant};

struct Semaphore {
    count: Mutex<u32>,
    more: Condvar,
}

impl Semaphore {
    fn new() -> Self {
        Semaphore { count: Mutex::new(0), more: Condvar::new() }
    }
    fn post(&self) {
        *self.count.lock().unwrap() += 1;
        self.more.notify_one();
    }
    fn acquire(&self) {
        let mut count = self.count.lock().unwrap();
        while *count == 0 {
            count = self.more.wait(count).unwrap();
        }
        *count -= 1;
    }
    fn acquire_until(&self, deadline: Option<Instant>) -> bool {
        let Some(deadline) = deadline else {
            self.acquire();
            return true;
        };
        let mut count = self.count.lock().unwrap();
        while *count == 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            count = self.more.wait_timeout(count, left).unwrap().0;
        }
        *count -= 1;
        true
    }
}

pub struct Event {
    flag: AtomicBool,
    changing: Mutex<()>,
    turnstile: Semaphore,
}

impl Event {
    pub fn new() -> Event {
        Event {
            flag: AtomicBool::new(false),
            changing: Mutex::new(()),
            turnstile: Semaphore::new(),
        }
    }

    pub fn set(&self) {
        let _changing = self.changing.lock().unwrap();
        if !self.flag.swap(true, Ordering::SeqCst) {
            self.turnstile.post();
        }
    }

    pub fn clear(&self) {
        let _changing = self.changing.lock().unwrap();
        if self.flag.swap(false, Ordering::SeqCst) {
            self.turnstile.acquire();
        }
    }

    pub fn is_set(&self) -> bool {
        self.flag.load(Ordering::SeqCst)
    }

    pub fn wait(&self) {
        self.turnstile.acquire();
        self.turnstile.post();
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let passed = self.turnstile.acquire_until(Instant::now().checked_add(timeout));
        if passed {
            self.turnstile.post();
        }
        passed
    }
}

pub struct Handover {
    password: RwLock<String>,
    published: Event,
}

impl Handover {
    pub fn new() -> Handover {
        Handover { password: RwLock::new(String::new()), published: Event::new() }
    }

    pub fn publish(&self, password: &str) {
        self.password.write().unwrap().push_str(password);
        self.published.set();
    }

    pub fn receive(&self) -> String {
        self.published.wait();
        self.password.read().unwrap().clone()
    }
}
