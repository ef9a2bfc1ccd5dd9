//! What a lock does, whatever it protects.
//!
//! Not generic, so that it is compiled once and optimised, not again for every type and crate
//! that explores.

use std::cell::Cell;

use crate::engine::object::Memory;
use crate::engine::trace::Effect;
use crate::engine::{
    Kind, Object, ObjectId, Place, WaitOn, afterwards, point, wait_until, with_run,
};

pub(super) struct RawMutex {
    object: Object,
    /// Held outside of an exploration, where nobody can wait.
    held_outside: Cell<bool>,
}

/// The lock as its new holder finds it.
#[derive(Clone, Copy)]
pub(super) struct Held {
    pub(super) poisoned: bool,
    /// Whether the holder unwinds already, so that its unwinding later poisons nothing.
    pub(super) panicking: bool,
}

impl RawMutex {
    pub(super) const fn new(at: Place) -> Self {
        Self { object: Object::new(Kind::Mutex, at), held_outside: Cell::new(false) }
    }

    pub(super) fn meet(&self, data: Memory) -> Option<ObjectId> {
        self.object.meet_with_data(data)
    }

    pub(super) fn lock(&self, data: Memory, at: Place) -> Held {
        let Some(object) = self.meet(data) else { return self.lock_outside() };
        point(at, |run| format!("locks {}", run.object_name(object)));
        self.acquire(object, at)
    }

    /// Takes the lock without a scheduling point before.
    pub(super) fn acquire(&self, object: ObjectId, at: Place) -> Held {
        wait_until(object, WaitOn::Lock(object), at, |run| {
            if !run.objects[object].holders.is_empty() {
                return None;
            }
            run.hold(object, at, true);
            run.disable_waiters_but_me(object, |_| true);
            Some(())
        });
        Held::now(object)
    }

    /// None if it is not free.
    pub(super) fn try_lock(&self, data: Memory, at: Place) -> Option<Held> {
        let Some(object) = self.meet(data) else { return Some(self.lock_outside()) };
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
        (taken == Some(true)).then(|| Held::now(object))
    }

    pub(super) fn is_poisoned(&self, data: Memory) -> bool {
        let object = self.meet(data);
        object.and_then(|object| with_run(|run| run.objects[object].poisoned)).unwrap_or(false)
    }

    /// The same as an operation of its own, which others may come before.
    pub(super) fn look_for_poison(&self, data: Memory, at: Place) -> bool {
        if let Some(object) = self.meet(data) {
            point(at, |run| format!("looks for poison in {}", run.object_name(object)));
        }
        self.is_poisoned(data)
    }

    pub(super) fn clear_poison(&self, data: Memory, at: Place) {
        if let Some(object) = self.meet(data) {
            point(at, |run| format!("clears the poison of {}", run.object_name(object)));
            with_run(|run| run.objects[object].poisoned = false);
        }
    }

    fn lock_outside(&self) -> Held {
        assert!(
            !self.held_outside.replace(true),
            "a Mutex of `interleave` was locked twice outside of an exploration"
        );
        Held { poisoned: false, panicking: super::panicking() }
    }

    /// Gives the lock back. Threads that wait for it may try again.
    pub(super) fn release(&self, at: Place, panicking_before: bool) {
        if self.held_outside.replace(false) {
            return;
        }
        let panicked = !panicking_before && super::panicking();
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
        afterwards();
    }

    /// Unlocks without a scheduling point, as `Condvar::wait` does.
    pub(super) fn release_for_wait(&self) {
        if let Some(object) = self.object.id() {
            with_run(|run| {
                run.objects[object].holders.clear();
                run.enable_waiters(object);
                run.effect(Effect::Releases, object);
            });
        }
    }
}

impl Held {
    /// As the running thread finds `object` now.
    pub(super) fn now(object: ObjectId) -> Self {
        let poisoned = with_run(|run| run.objects[object].poisoned) == Some(true);
        Self { poisoned, panicking: super::panicking() }
    }
}
