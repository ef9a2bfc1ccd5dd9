//! An atomic flag is set without the lock; `set` takes the lock only if somebody sleeps, before it notifies.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::{Duration, Instant};

pub struct Event {
    flag: AtomicBool,
    /// How many are asleep or about to be. Guarded by bed.
    bed: Mutex<()>,
    sleepers: AtomicUsize,
    alarm: Condvar,
}

struct InBed<'a>(&'a AtomicUsize);

impl<'a> InBed<'a> {
    fn lie_down(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        InBed(count)
    }
}

impl Drop for InBed<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Event {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Event {
        Event {
            flag: AtomicBool::new(false),
            bed: Mutex::new(()),
            sleepers: AtomicUsize::new(0),
            alarm: Condvar::new(),
        }
    }

    pub fn set(&self) {
        self.flag.store(true, Ordering::SeqCst);
        // Whoever counts itself after this look sees the flag afterwards.
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            // Whoever has looked at the flag before it was set is asleep once we have the lock.
            drop(self.bed.lock().unwrap());
            self.alarm.notify_all();
        }
    }

    pub fn clear(&self) {
        self.flag.store(false, Ordering::SeqCst);
    }

    pub fn is_set(&self) -> bool {
        self.flag.load(Ordering::SeqCst)
    }

    pub fn wait(&self) {
        if self.is_set() {
            return;
        }
        let mut guard = self.bed.lock().unwrap();
        let _counted = InBed::lie_down(&self.sleepers);
        while !self.is_set() {
            guard = self.alarm.wait(guard).unwrap();
        }
    }

    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        if self.is_set() {
            return true;
        }
        let Some(end) = Instant::now().checked_add(timeout) else {
            self.wait();
            return true;
        };
        let mut guard = self.bed.lock().unwrap();
        let _counted = InBed::lie_down(&self.sleepers);
        loop {
            if self.is_set() {
                return true;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            (guard, _) = self.alarm.wait_timeout(guard, left).unwrap();
        }
    }
}

/// The text is shared, not copied, until somebody asks for a String.
pub struct Handover {
    text: OnceLock<Arc<str>>,
    there: Event,
}

impl Handover {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Handover {
        Handover { text: OnceLock::new(), there: Event::new() }
    }

    pub fn publish(&self, password: &str) {
        assert!(self.text.set(Arc::from(password)).is_ok(), "published twice");
        self.there.set();
    }

    pub fn receive(&self) -> String {
        let text = match self.text.get() {
            Some(text) => text,
            None => {
                self.there.wait();
                self.text.get().expect("stored before the event was set")
            }
        };
        String::from(&**text)
    }
}
