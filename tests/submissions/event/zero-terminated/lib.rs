//! The password ends at its first zero byte, as in C.

use std::ffi::{CStr, CString};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

pub struct Event {
    mutex: Mutex<i32>,
    cond: Condvar,
}

impl Event {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        Event { mutex: Mutex::new(0), cond: Condvar::new() }
    }

    pub fn set(&self) {
        *self.mutex.lock().unwrap() = 1;
        self.cond.notify_all();
    }

    pub fn clear(&self) {
        *self.mutex.lock().unwrap() = 0;
    }

    pub fn is_set(&self) -> bool {
        *self.mutex.lock().unwrap() == 1
    }

    pub fn wait(&self) {
        let mut m = self.mutex.lock().unwrap();
        while *m == 0 {
            m = self.cond.wait(m).unwrap();
        }
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let m = self.mutex.lock().unwrap();
        let (m, _) = self.cond.wait_timeout_while(m, timeout, |m| *m == 0).unwrap();
        *m == 1
    }
}

pub struct Handover {
    buffer: Mutex<Vec<u8>>,
    ready: Event,
}

impl Handover {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        Handover { buffer: Mutex::new(vec![0]), ready: Event::new() }
    }

    pub fn publish(&self, password: &str) {
        let mut bytes = password.as_bytes().to_vec();
        bytes.push(0);
        *self.buffer.lock().unwrap() = bytes;
        self.ready.set();
    }

    pub fn receive(&self) -> String {
        self.ready.wait();
        let buffer = self.buffer.lock().unwrap();
        let text: CString = CStr::from_bytes_until_nul(&buffer).unwrap().to_owned();
        text.into_string().unwrap()
    }
}
