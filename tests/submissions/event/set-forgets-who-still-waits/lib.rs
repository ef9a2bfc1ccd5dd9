use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

pub struct Event {
    inner: Mutex<Inner>,
    cond: Condvar,
}

struct Inner {
    is_set: bool,
    waiting: usize,
}

impl Event {
    pub fn new() -> Event {
        Event { inner: Mutex::new(Inner { is_set: false, waiting: 0 }), cond: Condvar::new() }
    }

    pub fn set(&self) {
        let mut inner = self.inner.lock().expect("poisoned");
        inner.is_set = true;
        for _ in 0..inner.waiting {
            self.cond.notify_one();
        }
        inner.waiting = 0;
    }

    pub fn clear(&self) {
        let mut inner = self.inner.lock().expect("poisoned");
        inner.is_set = false;
    }

    pub fn is_set(&self) -> bool {
        let inner = self.inner.lock().expect("poisoned");
        inner.is_set
    }

    pub fn wait(&self) {
        let mut inner = self.inner.lock().expect("poisoned");
        inner.waiting += 1;
        loop {
            if inner.is_set {
                break;
            }
            inner = self.cond.wait(inner).expect("poisoned");
        }
        inner.waiting = inner.waiting.saturating_sub(1);
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let start = Instant::now();
        let mut inner = self.inner.lock().expect("poisoned");
        inner.waiting += 1;
        while !inner.is_set {
            let elapsed = start.elapsed();
            if elapsed >= timeout {
                break;
            }
            let left = timeout - elapsed;
            let (guard, _result) = self.cond.wait_timeout(inner, left).expect("poisoned");
            inner = guard;
        }
        inner.waiting = inner.waiting.saturating_sub(1);
        inner.is_set
    }
}

pub struct Handover {
    password: Mutex<Option<String>>,
    published: Condvar,
}

impl Handover {
    pub fn new() -> Handover {
        Handover { password: Mutex::new(None), published: Condvar::new() }
    }

    pub fn publish(&self, password: &str) {
        let mut slot = self.password.lock().unwrap();
        *slot = Some(String::from(password));
        self.published.notify_all();
    }

    pub fn receive(&self) -> String {
        let slot = self.password.lock().unwrap();
        let slot = self.published.wait_while(slot, |slot| slot.is_none()).unwrap();
        slot.clone().unwrap()
    }
}
