//! `Mutex`.

#![expect(unsafe_code, reason = "a lock hands out references to what it protects")]

use std::cell::{Cell, UnsafeCell};
use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::{LockResult, TryLockError, TryLockResult};

use crate::engine::trace::Effect;
use crate::engine::{Kind, Object, ObjectId, Place, WaitOn, point, wait_until, with_run};

/// [`std::sync::Mutex`] under the explorer.
///
/// Outside of an exploration it may be used by one thread at a time.
pub struct Mutex<T: ?Sized> {
    object: Object,
    /// Held outside of an exploration, where nobody can wait.
    held_outside: Cell<bool>,
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
        Self {
            object: Object::new(Kind::Mutex, Location::caller()),
            held_outside: Cell::new(false),
            data: UnsafeCell::new(value),
        }
    }

    /// The value, and whether a panic left it broken.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.is_poisoned();
        super::poison_if(poisoned, self.data.into_inner())
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits for the lock and takes it.
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        self.lock_at(Location::caller())
    }

    pub(super) fn lock_at(&self, at: Place) -> LockResult<MutexGuard<'_, T>> {
        let Some(object) = self.meet() else { return self.lock_outside(at) };
        point(at, |run| format!("locks {}", run.object_name(object)));
        self.acquire(object, at)
    }

    /// Takes the lock without a scheduling point before.
    pub(super) fn acquire(&self, object: ObjectId, at: Place) -> LockResult<MutexGuard<'_, T>> {
        wait_until(object, WaitOn::Lock(object), at, |run| {
            if !run.objects[object].holders.is_empty() {
                return None;
            }
            run.hold(object, at, true);
            run.disable_waiters_but_me(object, |_| true);
            Some(())
        });
        self.guard(at)
    }

    /// Takes the lock if it is free.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let at = Location::caller();
        let Some(object) = self.meet() else {
            return self.lock_outside(at).map_err(TryLockError::Poisoned);
        };
        with_run(|run| run.uses.tries = true);
        point(at, |run| format!("tries to lock {}", run.object_name(object)));
        let taken = with_run(|run| {
            let free = run.objects[object].holders.is_empty();
            if free {
                run.hold(object, at, true);
                run.disable_waiters_but_me(object, |_| true);
            } else {
                run.record(at, |_| "finds it held".to_owned());
            }
            free
        });
        if taken == Some(true) {
            self.guard(at).map_err(TryLockError::Poisoned)
        } else {
            Err(TryLockError::WouldBlock)
        }
    }

    /// Whether a thread panicked while it held the lock.
    pub fn is_poisoned(&self) -> bool {
        let object = self.meet();
        object.and_then(|object| with_run(|run| run.objects[object].poisoned)).unwrap_or(false)
    }

    /// Declares the value sound again.
    pub fn clear_poison(&self) {
        if let Some(object) = self.meet() {
            with_run(|run| run.objects[object].poisoned = false);
        }
    }

    /// The value; no lock is needed, since nobody else can have a reference.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let poisoned = self.is_poisoned();
        super::poison_if(poisoned, self.data.get_mut())
    }

    pub(super) fn meet(&self) -> Option<ObjectId> {
        let data = self.data.get();
        // SAFETY: only the size is taken, and the pointer is valid.
        let size = unsafe { size_of_val(&*data) };
        self.object.meet_with_data(data.cast(), size)
    }

    fn guard(&self, at: Place) -> LockResult<MutexGuard<'_, T>> {
        let guard = MutexGuard {
            mutex: self,
            at,
            panicking: super::panicking(),
            not_send: std::marker::PhantomData,
        };
        super::poison_if(self.is_poisoned(), guard)
    }

    fn lock_outside(&self, at: Place) -> LockResult<MutexGuard<'_, T>> {
        assert!(
            !self.held_outside.replace(true),
            "a Mutex of `interleave` was locked twice outside of an exploration"
        );
        self.guard(at)
    }

    /// Gives the lock back. Threads that wait for it may try again.
    fn release(&self, at: Place, panicked: bool) {
        if self.held_outside.replace(false) {
            return;
        }
        let Some(object) = self.object.id() else { return };
        if with_run(|run| run.rules().fine) == Some(true) {
            point(at, |run| format!("is about to unlock {}", run.object_name(object)));
        }
        with_run(|run| {
            if run.stopped() {
                return;
            }
            run.objects[object].poisoned |= panicked;
            run.objects[object].holders.clear();
            run.enable_waiters(object);
            run.record(at, |run| format!("unlocks {}", run.object_name(object)));
            run.effect(Effect::Releases, object);
        });
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    pub(super) fn mutex(&self) -> &'a Mutex<T> {
        self.mutex
    }

    /// Unlocks without a scheduling point, as `Condvar::wait` does.
    pub(super) fn release_for_wait(self) {
        let guard = ManuallyDrop::new(self);
        if let Some(object) = guard.mutex.object.id() {
            with_run(|run| {
                run.objects[object].holders.clear();
                run.enable_waiters(object);
                run.effect(Effect::Releases, object);
            });
        }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        let panicked = !self.panicking && super::panicking();
        self.mutex.release(self.at, panicked);
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
        debug.field("poisoned", &self.is_poisoned()).finish_non_exhaustive()
    }
}
