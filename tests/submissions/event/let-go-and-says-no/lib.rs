use std::sync::{Condvar, Mutex};
use std::time::Duration;

struct Flag {
    set: bool,
    generation: u64,
}

pub struct Event {
    flag: Mutex<Flag>,
    changed: Condvar,
}

impl Event {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        Event { flag: Mutex::new(Flag { set: false, generation: 0 }), changed: Condvar::new() }
    }

    pub fn set(&self) {
        let mut flag = self.flag.lock().unwrap();
        flag.set = true;
        flag.generation += 1;
        self.changed.notify_all();
    }

    pub fn clear(&self) {
        self.flag.lock().unwrap().set = false;
    }

    pub fn is_set(&self) -> bool {
        self.flag.lock().unwrap().set
    }

    pub fn wait(&self) {
        let flag = self.flag.lock().unwrap();
        let mine = flag.generation;
        let _flag =
            self.changed.wait_while(flag, |flag| !flag.set && flag.generation == mine).unwrap();
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let flag = self.flag.lock().unwrap();
        let mine = flag.generation;
        let still = |flag: &mut Flag| !flag.set && flag.generation == mine;
        let (flag, _) = self.changed.wait_timeout_while(flag, timeout, still).unwrap();
        flag.set
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
        self.password.lock().unwrap().push_str(password);
        self.event.set();
    }

    pub fn receive(&self) -> String {
        self.event.wait();
        self.password.lock().unwrap().clone()
    }
}
