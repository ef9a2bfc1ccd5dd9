//! `Mutex`.

#![expect(unsafe_code, reason = "a lock hands out references to what it protects")]

use std::cell::UnsafeCell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::{LockResult, TryLockError, TryLockResult};

use super::raw_mutex::{Held, RawMutex};
use crate::engine::Place;
use crate::engine::object::Memory;

/// [`std::sync::Mutex`] under the explorer.
///
/// Outside of an exploration it may be used by one thread at a time.
pub struct Mutex<T: ?Sized> {
    raw: RawMutex,
    data: UnsafeCell<T>,
}

// SAFETY: the threads of a schedule are coroutines on one thread of the operating system, and
// a guard exists only while its thread holds the lock.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}
impl<T: ?Sized> UnwindSafe for Mutex<T> {}
impl<T: ?Sized> RefUnwindSafe for Mutex<T> {}

/// [`std::sync::MutexGuard`] under the explorer.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized + 'a> {
    mutex: &'a Mutex<T>,
    /// Where the lock was taken.
    at: Place,
    panicking: bool,
    /// Guards stay on the thread that locked.
    not_send: std::marker::PhantomData<*const ()>,
}

// SAFETY: a shared guard gives shared access to the value only.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

impl<T> Mutex<T> {
    /// A free lock around `value`.
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self { raw: RawMutex::new(Location::caller()), data: UnsafeCell::new(value) }
    }

    /// The value, and whether a panic left it broken.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.raw.is_poisoned(self.memory());
        super::poison_if(poisoned, self.data.into_inner())
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits for the lock and takes it.
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let at = Location::caller();
        self.guard(self.raw.lock(self.memory(), at), at)
    }

    /// Takes the lock if it is free.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let at = Location::caller();
        match self.raw.try_lock(self.memory(), at) {
            Some(held) => self.guard(held, at).map_err(TryLockError::Poisoned),
            None => Err(TryLockError::WouldBlock),
        }
    }

    /// Whether a thread panicked while it held the lock.
    #[track_caller]
    pub fn is_poisoned(&self) -> bool {
        self.raw.look_for_poison(self.memory(), Location::caller())
    }

    /// Declares the value sound again.
    #[track_caller]
    pub fn clear_poison(&self) {
        self.raw.clear_poison(self.memory(), Location::caller());
    }

    /// The value; no lock is needed, since nobody else can have a reference.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let poisoned = self.raw.is_poisoned(self.memory());
        super::poison_if(poisoned, self.data.get_mut())
    }

    pub(super) fn memory(&self) -> Memory {
        Memory::of(&self.data)
    }

    fn guard(&self, held: Held, at: Place) -> LockResult<MutexGuard<'_, T>> {
        let not_send = std::marker::PhantomData;
        let guard = MutexGuard { mutex: self, at, panicking: held.panicking, not_send };
        super::poison_if(held.poisoned, guard)
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Waits by `wait`, which gives the lock back and takes it again at `at`.
    pub(super) fn give_up_for<R>(
        self,
        at: Place,
        wait: impl FnOnce(&RawMutex, Memory) -> (Held, R),
    ) -> (LockResult<MutexGuard<'a, T>>, R) {
        let mutex = ManuallyDrop::new(self).mutex;
        let (held, result) = wait(&mutex.raw, mutex.memory());
        (mutex.guard(held, at), result)
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        self.mutex.raw.release(self.at, self.panicking);
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the guard's thread holds the lock.
        unsafe { &*self.mutex.data.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard's thread holds the lock, and the guard is borrowed exclusively.
        unsafe { &mut *self.mutex.data.get() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Mutex");
        match self.try_lock() {
            Ok(guard) => debug.field("data", &&*guard),
            Err(TryLockError::Poisoned(error)) => debug.field("data", &&**error.get_ref()),
            Err(TryLockError::WouldBlock) => debug.field("data", &"<locked>"),
        };
        debug.field("poisoned", &self.raw.is_poisoned(self.memory())).finish_non_exhaustive()
    }
}
