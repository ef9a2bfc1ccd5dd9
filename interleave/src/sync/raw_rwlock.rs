//! What an `RwLock` does, whatever it protects. Not generic, as `RawMutex` is not.

use super::raw_mutex::Held;
use crate::engine::object::Memory;
use crate::engine::trace::Effect;
use crate::engine::{
    Kind, Object, ObjectId, Place, Run, WaitOn, afterwards, pick, point, wait_until, with_run,
};

pub(super) struct RawRwLock {
    object: Object,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

impl RawRwLock {
    pub(super) const fn new(at: Place) -> Self {
        Self { object: Object::new(Kind::RwLock, at) }
    }

    fn meet(&self, data: Memory) -> Option<ObjectId> {
        self.object.meet_with_data(data)
    }

    pub(super) fn take(&self, data: Memory, access: Access, at: Place) -> Held {
        let object = self.meet(data);
        let object = object.expect("an RwLock of `interleave` works in an exploration only");
        let (verb, on) = match access {
            Access::Read => ("reads", WaitOn::Read(object)),
            Access::Write => ("writes", WaitOn::Write(object)),
        };
        point(at, |run| format!("{verb} {}", run.object_name(object)));
        decide_who_is_first(object);
        wait_until(object, on, at, |run| occupy(run, object, access, at, true));
        Held::now(object)
    }

    /// None if that needs waiting.
    pub(super) fn try_take(&self, data: Memory, access: Access, at: Place) -> Option<Held> {
        let object = self.meet(data);
        let object = object.expect("an RwLock of `interleave` works in an exploration only");
        with_run(|run| run.uses.tries = true);
        let verb = if access == Access::Read { "tries to read" } else { "tries to write" };
        point(at, |run| format!("{verb} {}", run.object_name(object)));
        let taken = with_run(|run| occupy(run, object, access, at, false)).flatten();
        taken.map(|()| Held::now(object))
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

    pub(super) fn release(&self, at: Place, panicked: bool) {
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
        afterwards();
    }

    /// Turns the running thread's write access into read access.
    pub(super) fn downgrade(&self, at: Place) {
        let Some(object) = self.object.id() else { return };
        point(at, |run| format!("only reads {} from now on", run.object_name(object)));
        with_run(|run| {
            run.objects[object].exclusive = false;
            run.enable_waiters(object);
        });
        afterwards();
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
