//! An event that threads wait for, and a password that is handed over with its help.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Something that has happened or has not: a flag that threads can wait for.
pub struct Event {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Event {
    /// An event that is not set.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        Event { set: Mutex::new(false), changed: Condvar::new() }
    }

    /// Sets the event and wakes everybody who waits for it.
    pub fn set(&self) {
        // Under the lock: nobody can be between looking at the flag and falling asleep.
        *self.flag() = true;
        // All: each of those who wait may go, and a single one would not tell the others.
        self.changed.notify_all();
    }

    /// Takes the event back.
    pub fn clear(&self) {
        // Nobody waits for an event to be cleared, so there is nobody to wake.
        *self.flag() = false;
    }

    /// Whether the event is set.
    pub fn is_set(&self) -> bool {
        *self.flag()
    }

    /// Returns once the event is set, at once if it is.
    pub fn wait(&self) {
        // A wait may end without a cause, so the flag decides, not the waking up.
        let woken = self.changed.wait_while(self.flag(), |set| !*set);
        drop(woken.unwrap_or_else(PoisonError::into_inner));
    }

    /// As `wait`, but no longer than `timeout`; says whether the event was set.
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        // Counts the time over all wake-ups, and looks at the flag once more at the end.
        let woken = self.changed.wait_timeout_while(
            self.flag(),
            Duration::from_millis(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
            |set| !*set,
        );
        let (set, _) = woken.unwrap_or_else(PoisonError::into_inner);
        *set
    }

    /// A flag cannot be half changed, so poison means nothing here.
    fn flag(&self) -> MutexGuard<'_, bool> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A password that one thread hands to any number of others.
pub struct Handover {
    password: Mutex<String>,
    published: Event,
}

impl Handover {
    /// Nothing was handed over yet.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        Handover { password: Mutex::new(String::new()), published: Event::new() }
    }

    /// Hands `password` over to everybody who waits, and who asks later.
    pub fn publish(&self, password: &str) {
        // The value first: the event says that it is there.
        *self.password.lock().unwrap_or_else(PoisonError::into_inner) = password.to_owned();
        self.published.set();
    }

    /// The password; sleeps until it was published.
    pub fn receive(&self) -> String {
        self.published.wait();
        self.password.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
