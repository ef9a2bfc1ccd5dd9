//! `Barrier`.

use std::cell::Cell;
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

use crate::engine::{Kind, Object, WaitOn, Woken, afterwards, point, wait, with_run};

/// [`std::sync::Barrier`] under the explorer.
pub struct Barrier {
    object: Object,
    size: usize,
    /// Threads that have come since it last opened, and in which schedule.
    arrived: Cell<(u64, usize)>,
}

#[expect(unsafe_code, reason = "statics must be Sync")]
// SAFETY: the threads of a schedule are coroutines on one thread of the operating system.
unsafe impl Sync for Barrier {}
impl UnwindSafe for Barrier {}
impl RefUnwindSafe for Barrier {}

/// Tells the thread that opened a [`Barrier`] from the others.
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// True for exactly one of the threads that a barrier lets go.
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl fmt::Debug for BarrierWaitResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BarrierWaitResult").field("is_leader", &self.0).finish()
    }
}

impl Barrier {
    /// A barrier that opens for every `size` threads.
    #[track_caller]
    pub const fn new(size: usize) -> Self {
        Self {
            object: Object::new(Kind::Barrier, Location::caller()),
            size,
            arrived: Cell::new((0, 0)),
        }
    }

    /// Waits until `size` threads have come.
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        let at = Location::caller();
        let object = self.object.id();
        let object = object.expect("a Barrier of `interleave` works in an exploration only");
        point(at, |run| format!("comes to {}", run.object_name(object)));
        let opens = with_run(|run| {
            let (epoch, arrived) = self.arrived.get();
            let arrived = if epoch == run.epoch { arrived + 1 } else { 1 };
            if arrived < self.size {
                self.arrived.set((run.epoch, arrived));
                let me = run.current;
                run.objects[object].waiters.push(me);
                run.record_instead(at, |run| format!("waits at {}", run.object_name(object)));
                return false;
            }
            self.arrived.set((run.epoch, 0));
            for task in std::mem::take(&mut run.objects[object].waiters) {
                run.wake(task, Woken::Notified);
            }
            run.record_instead(at, |run| format!("opens {}", run.object_name(object)));
            true
        });
        if opens == Some(false) {
            wait(WaitOn::Barrier(object), at, None);
        }
        afterwards();
        BarrierWaitResult(opens == Some(true))
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").finish_non_exhaustive()
    }
}
