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
        drop(self.changed.wait_while(set, |set| !*set).unwrap());
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let set = self.set.lock().unwrap();
        let (set, _) = self.changed.wait_timeout_while(set, timeout, |set| !*set).unwrap();
        *set
    }
}

/// What the C library takes for a password, too.
const LONGEST: usize = 64;

struct Buffer {
    length: usize,
    bytes: [u8; LONGEST],
}

pub struct Handover {
    buffer: Mutex<Buffer>,
    there: Event,
}

impl Handover {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        let buffer = Buffer { length: 0, bytes: [0; LONGEST] };
        Handover { buffer: Mutex::new(buffer), there: Event::new() }
    }

    pub fn publish(&self, password: &str) {
        let mut buffer = self.buffer.lock().unwrap();
        let length = password.len().min(LONGEST);
        buffer.bytes[..length].copy_from_slice(&password.as_bytes()[..length]);
        buffer.length = length;
        drop(buffer);
        self.there.set();
    }

    pub fn receive(&self) -> String {
        self.there.wait();
        let buffer = self.buffer.lock().unwrap();
        String::from_utf8_lossy(&buffer.bytes[..buffer.length]).into_owned()
    }
}
