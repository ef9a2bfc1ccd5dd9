//! `RwLock`.

#![expect(unsafe_code, reason = "a lock hands out references to what it protects")]

use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::{LockResult, TryLockError, TryLockResult};

use crate::engine::trace::Effect;
use crate::engine::{
    Kind, Object, ObjectId, Place, Run, WaitOn, pick, point, wait_until, with_run,
};

/// [`std::sync::RwLock`] under the explorer.
///
/// Whether a waiting writer keeps new readers out is left open by the standard library; both
/// are tried.
pub struct RwLock<T: ?Sized> {
    object: Object,
    data: UnsafeCell<T>,
}

// SAFETY: the threads of a schedule are coroutines on one thread of the operating system, and
// guards exist only while their thread holds the lock.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}
impl<T: ?Sized> UnwindSafe for RwLock<T> {}
impl<T: ?Sized> RefUnwindSafe for RwLock<T> {}

/// [`std::sync::RwLockReadGuard`] under the explorer.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized + 'a> {
    lock: &'a RwLock<T>,
    at: Place,
    not_send: PhantomData<*const ()>,
}

/// [`std::sync::RwLockWriteGuard`] under the explorer.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized + 'a> {
    lock: &'a RwLock<T>,
    at: Place,
    panicking: bool,
    not_send: PhantomData<*const ()>,
}

// SAFETY: a shared guard gives shared access to the value only.
unsafe impl<T: ?Sized + Sync> Sync for RwLockReadGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Sync> Sync for RwLockWriteGuard<'_, T> {}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

impl<T> RwLock<T> {
    /// A free lock around `value`.
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self { object: Object::new(Kind::RwLock, Location::caller()), data: UnsafeCell::new(value) }
    }

    /// The value, and whether a panic left it broken.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.is_poisoned();
        super::poison_if(poisoned, self.data.into_inner())
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until it may read, together with other readers.
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        let at = Location::caller();
        self.take(Access::Read, at);
        self.read_guard(at)
    }

    /// Waits until it may write, alone.
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let at = Location::caller();
        self.take(Access::Write, at);
        self.write_guard(at)
    }

    /// Reads if that needs no waiting.
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        let at = Location::caller();
        if !self.try_take(Access::Read, at) {
            return Err(TryLockError::WouldBlock);
        }
        self.read_guard(at).map_err(TryLockError::Poisoned)
    }

    /// Writes if that needs no waiting.
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        let at = Location::caller();
        if !self.try_take(Access::Write, at) {
            return Err(TryLockError::WouldBlock);
        }
        self.write_guard(at).map_err(TryLockError::Poisoned)
    }

    /// Whether a thread panicked while it wrote.
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

    fn meet(&self) -> Option<ObjectId> {
        let data = self.data.get();
        // SAFETY: only the size is taken, and the pointer is valid.
        let size = unsafe { size_of_val(&*data) };
        self.object.meet_with_data(data.cast(), size)
    }

    fn take(&self, access: Access, at: Place) {
        let object = self.meet();
        let object = object.expect("an RwLock of `interleave` works in an exploration only");
        let (verb, on) = match access {
            Access::Read => ("reads", WaitOn::Read(object)),
            Access::Write => ("writes", WaitOn::Write(object)),
        };
        point(at, |run| format!("{verb} {}", run.object_name(object)));
        decide_who_is_first(object);
        wait_until(object, on, at, |run| occupy(run, object, access, at, true));
    }

    fn try_take(&self, access: Access, at: Place) -> bool {
        let object = self.meet();
        let object = object.expect("an RwLock of `interleave` works in an exploration only");
        with_run(|run| run.uses.tries = true);
        let verb = if access == Access::Read { "tries to read" } else { "tries to write" };
        point(at, |run| format!("{verb} {}", run.object_name(object)));
        with_run(|run| occupy(run, object, access, at, false)).flatten().is_some()
    }

    fn read_guard(&self, at: Place) -> LockResult<RwLockReadGuard<'_, T>> {
        let guard = RwLockReadGuard { lock: self, at, not_send: PhantomData };
        super::poison_if(self.is_poisoned(), guard)
    }

    fn write_guard(&self, at: Place) -> LockResult<RwLockWriteGuard<'_, T>> {
        let panicking = super::panicking();
        let guard = RwLockWriteGuard { lock: self, at, panicking, not_send: PhantomData };
        super::poison_if(self.is_poisoned(), guard)
    }

    fn release(&self, at: Place, panicked: bool) {
        let Some(object) = self.object.id() else { return };
        if with_run(|run| run.rules().fine) == Some(true) {
            point(at, |run| format!("is about to release {}", run.object_name(object)));
        }
        with_run(|run| {
            if run.stopped() {
                return;
            }
            let me = run.current;
            let state = &mut run.objects[object];
            state.poisoned |= panicked;
            // A guard may be dropped by another thread than the one that took it.
            let held = state.holders.iter().rposition(|&(task, since)| (task, since) == (me, at));
            let held = held.or(state.holders.len().checked_sub(1));
            held.map(|held| state.holders.remove(held));
            if state.holders.is_empty() {
                run.enable_waiters(object);
            }
            run.record(at, |run| format!("releases {}", run.object_name(object)));
            run.effect(Effect::Releases, object);
        });
    }
}

/// Chooses, once per schedule and only when it makes a difference, whether writers that wait
/// keep new readers out.
fn decide_who_is_first(object: ObjectId) {
    let open = with_run(|run| {
        let writer_waits = run.objects[object].waiters.iter().any(|&task| {
            matches!(run.tasks[task].wait.as_ref().map(|wait| wait.on), Some(WaitOn::Write(_)))
        });
        run.writers_first.is_none() && writer_waits
    });
    if open == Some(true) {
        let writers = pick(2) == 1;
        with_run(|run| run.writers_first = Some(writers));
    }
}

fn occupy(run: &mut Run, object: ObjectId, access: Access, at: Place, waits: bool) -> Option<()> {
    let me = run.current;
    let state = &run.objects[object];
    let free = state.holders.is_empty();
    let shared = !free && !state.exclusive;
    let already_waits = state.waiters.contains(&me);
    let writer_waits = state.waiters.iter().any(|&task| {
        matches!(run.tasks[task].wait.as_ref().map(|wait| wait.on), Some(WaitOn::Write(_)))
    });
    let kept_out = run.writers_first == Some(true) && writer_waits && shared && !already_waits;
    let granted = match access {
        Access::Read => free || (shared && !(kept_out && waits)),
        Access::Write => free,
    };
    if !granted {
        return None;
    }
    run.hold(object, at, access == Access::Write);
    match access {
        Access::Read => {
            run.disable_waiters_but_me(object, |on| matches!(on, WaitOn::Write(_)));
        }
        Access::Write => run.disable_waiters_but_me(object, |_| true),
    }
    Some(())
}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    fn drop(&mut self) {
        self.lock.release(self.at, false);
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    fn drop(&mut self) {
        let panicked = !self.panicking && super::panicking();
        self.lock.release(self.at, panicked);
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: no writer exists while this guard does.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the guard's thread is the only one that may write.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: no other guard exists, and this one is borrowed exclusively.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T> From<T> for RwLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RwLock");
        match self.try_read() {
            Ok(guard) => debug.field("data", &&*guard),
            Err(TryLockError::Poisoned(error)) => debug.field("data", &&**error.get_ref()),
            Err(TryLockError::WouldBlock) => debug.field("data", &"<locked>"),
        };
        debug.field("poisoned", &self.is_poisoned()).finish_non_exhaustive()
    }
}
