//! An event that threads wait for, and a password that is handed over with its help.
//!
//! This is the only file that you edit. `cargo test -p event` judges it.

use std::time::Duration;

/// Something that has happened or has not: a flag that threads can wait for.
pub struct Event {
    // A flag, and something to sleep on. What has to happen as one step?
}

impl Event {
    /// An event that is not set.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        todo!("a flag that is not set")
    }

    /// Sets the event and wakes everybody who waits for it. It stays set until it is cleared.
    pub fn set(&self) {
        todo!("set the flag, wake all")
    }

    /// Takes the event back, however often it was set. Whoever comes from now on waits for the next
    /// `set`.
    ///
    /// A thread that waited for the last `set` and has not yet looked again may be let go, as if
    /// it had looked in time, or go on waiting, for the next `set`.
    pub fn clear(&self) {
        todo!("take the flag back")
    }

    /// Whether the event is set.
    pub fn is_set(&self) -> bool {
        todo!("look at the flag")
    }

    /// Returns once the event is set, at once if it is. Sleeps until then: a `set` wakes it, not
    /// the end of a nap. What was written before the `set` is seen afterwards.
    pub fn wait(&self) {
        todo!("sleep while the flag is not set")
    }

    /// As `wait`, but no longer than `timeout`; says whether the event was set: `false` means that
    /// the time is up.
    ///
    /// Any `timeout` will do, from `Duration::ZERO` to `Duration::MAX`; if the event is set
    /// already, the answer is `true` with any of them. Being woken without a set makes the wait no
    /// longer, nor does it end before the time is up. For an event that is set and at once cleared
    /// the answer is `true`, or else `false` once the time is up.
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let _ = timeout;
        todo!("sleep while the flag is not set and there is time left")
    }
}

/// A password that one thread hands to any number of others.
pub struct Handover {
    // The password, and the event that tells of it.
}

impl Handover {
    /// Nothing was handed over yet.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        todo!("no password yet")
    }

    /// Hands `password` over to everybody who waits, and to everybody who asks later. It may be any
    /// text of any length, perhaps an empty one. Called once.
    pub fn publish(&self, password: &str) {
        let _ = password;
        todo!("store the password and set the event: in which order?")
    }

    /// The password; sleeps until it was published. May be called any number of times.
    pub fn receive(&self) -> String {
        todo!("wait for the event, then read the password")
    }
}
