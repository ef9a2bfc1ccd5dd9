//! `OnceLock`.

#![expect(unsafe_code, reason = "hands out references to a value that is written once")]

use std::cell::UnsafeCell;
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

use super::Once;
use crate::engine::Place;

/// [`std::sync::OnceLock`] under the explorer.
pub struct OnceLock<T> {
    once: Once,
    value: UnsafeCell<Option<T>>,
}

// SAFETY: the threads of a schedule are coroutines on one thread of the operating system, and
// the value is written before the `Once` completes and never again.
unsafe impl<T: Sync + Send> Sync for OnceLock<T> {}
// SAFETY: owning the lock is owning the value.
unsafe impl<T: Send> Send for OnceLock<T> {}
impl<T: RefUnwindSafe + UnwindSafe> RefUnwindSafe for OnceLock<T> {}
impl<T: UnwindSafe> UnwindSafe for OnceLock<T> {}

impl<T> OnceLock<T> {
    /// An empty cell.
    #[track_caller]
    pub const fn new() -> Self {
        Self { once: Once::new(), value: UnsafeCell::new(None) }
    }

    /// The value, if it was set.
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        if self.once.completed(Location::caller()) { self.value() } else { None }
    }

    /// The value, if it was set; no scheduling point.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        if self.once.completed_now() { self.value.get_mut().as_mut() } else { None }
    }

    /// Sets the value unless it is set, in which case `value` comes back.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        let mut value = Some(value);
        self.init_at(Location::caller(), || value.take());
        value.map_or(Ok(()), Err)
    }

    /// The value, which `f` makes if there is none. Waits while another thread makes it.
    #[track_caller]
    pub fn get_or_init<F: FnOnce() -> T>(&self, f: F) -> &T {
        let mut f = Some(f);
        self.init_at(Location::caller(), || f.take().map(|f| f()));
        self.value().expect("the call above has set it")
    }

    /// Waits until the value is set.
    #[track_caller]
    pub fn wait(&self) -> &T {
        self.once.wait();
        self.value().expect("the wait is over when it is set")
    }

    /// The value, if it was set.
    pub fn into_inner(mut self) -> Option<T> {
        self.take()
    }

    /// Takes the value out and starts anew.
    pub fn take(&mut self) -> Option<T> {
        if !self.once.completed_now() {
            return None;
        }
        self.once.reset();
        self.value.get_mut().take()
    }

    pub(super) fn init_at(&self, at: Place, mut make: impl FnMut() -> Option<T>) {
        self.once.call(at, true, &mut |_| {
            let made = make();
            // SAFETY: this runs once, and no reference exists before the `Once` completes.
            // What an earlier schedule left in a static is leaked, as at a program's end.
            unsafe { self.value.get().write(made) };
        });
    }

    /// The value, if it was set; no scheduling point.
    pub(super) fn peek(&self) -> Option<&T> {
        if self.once.completed_now() { self.value() } else { None }
    }

    fn value(&self) -> Option<&T> {
        // SAFETY: the `Once` has completed, so nobody writes any more.
        unsafe { (*self.value.get()).as_ref() }
    }
}

impl<T> Default for OnceLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_tuple("OnceLock");
        match self.peek() {
            Some(value) => debug.field(value),
            None => debug.field(&format_args!("<uninit>")),
        };
        debug.finish()
    }
}

impl<T: Clone> Clone for OnceLock<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        self.get().map_or_else(Self::new, |value| Self::from(value.clone()))
    }
}

impl<T> From<T> for OnceLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        let cell = Self::new();
        let _ = cell.set(value);
        cell
    }
}

impl<T: PartialEq> PartialEq for OnceLock<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceLock<T> {}
