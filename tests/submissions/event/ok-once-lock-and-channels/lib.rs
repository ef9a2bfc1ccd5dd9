//! Each who waits has a channel of its own, and the password is in a `OnceLock`, which can be waited for.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

enum State {
    Set,
    Unset(Vec<Sender<()>>),
}
pub struct Event {
    state: Mutex<State>,
}
impl Event {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        Event { state: Mutex::new(State::Unset(Vec::new())) }
    }
    pub fn set(&self) {
        let before = std::mem::replace(&mut *self.state.lock().unwrap(), State::Set);
        if let State::Unset(waiting) = before {
            for one in waiting {
                let _ = one.send(());
            }
        }
    }
    pub fn clear(&self) {
        let mut state = self.state.lock().unwrap();
        if matches!(*state, State::Set) {
            *state = State::Unset(Vec::new());
        }
    }
    pub fn is_set(&self) -> bool {
        matches!(*self.state.lock().unwrap(), State::Set)
    }
    pub fn wait(&self) {
        let receiver = {
            let mut state = self.state.lock().unwrap();
            match &mut *state {
                State::Set => return,
                State::Unset(list) => {
                    let (s, r) = channel();
                    list.push(s);
                    r
                }
            }
        };
        receiver.recv().unwrap();
    }
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let _start = Instant::now();
        let receiver = {
            let mut state = self.state.lock().unwrap();
            match &mut *state {
                State::Set => return true,
                State::Unset(list) => {
                    let (s, r) = channel();
                    list.push(s);
                    r
                }
            }
        };
        match receiver.recv_timeout(timeout) {
            Ok(()) => true,
            Err(RecvTimeoutError::Timeout) => receiver.try_recv().is_ok(),
            Err(RecvTimeoutError::Disconnected) => true,
        }
    }
}
pub struct Handover {
    password: OnceLock<String>,
}
impl Handover {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        Handover { password: OnceLock::new() }
    }
    pub fn publish(&self, password: &str) {
        let _ = self.password.set(password.to_owned());
    }
    pub fn receive(&self) -> String {
        self.password.wait().clone()
    }
}
