//! `Once`.

use std::cell::Cell;
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

use crate::engine::object::Meeting;
use crate::engine::{
    Kind, Object, Place, WaitOn, afterwards, exploring, point, wait_until, with_run,
};

/// [`std::sync::Once`] under the explorer.
pub struct Once {
    object: Object,
    stage: Cell<Stage>,
}

/// What is known to the function that [`Once::call_once_force`] runs.
#[derive(Debug)]
pub struct OnceState {
    poisoned: bool,
}

impl OnceState {
    /// Whether an earlier attempt panicked.
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    Running,
    Poisoned,
    Done,
}

/// [`std::sync::ONCE_INIT`] under the explorer.
#[deprecated(since = "1.38.0", note = "the `Once::new()` function is now preferred")]
#[expect(clippy::declare_interior_mutable_const, reason = "as in std")]
pub const ONCE_INIT: Once = Once::new();

#[expect(unsafe_code, reason = "statics must be Sync")]
// SAFETY: the threads of a schedule are coroutines on one thread of the operating system.
unsafe impl Sync for Once {}
impl UnwindSafe for Once {}
impl RefUnwindSafe for Once {}

impl Once {
    /// One that has not run.
    #[track_caller]
    pub const fn new() -> Self {
        Self { object: Object::new(Kind::Once, Location::caller()), stage: Cell::new(Stage::New) }
    }

    /// Runs `f` unless that was done; waits while another thread does it.
    ///
    /// # Panics
    ///
    /// If an earlier attempt panicked.
    #[track_caller]
    pub fn call_once<F: FnOnce()>(&self, f: F) {
        let mut f = Some(f);
        self.call(Location::caller(), false, &mut |_| f.take().into_iter().for_each(|f| f()));
    }

    /// As [`Once::call_once`], but tries again after a panic.
    #[track_caller]
    pub fn call_once_force<F: FnOnce(&OnceState)>(&self, f: F) {
        let mut f = Some(f);
        self.call(Location::caller(), true, &mut |state| {
            f.take().into_iter().for_each(|f| f(state))
        });
    }

    /// Whether some attempt has succeeded.
    #[track_caller]
    pub fn is_completed(&self) -> bool {
        self.completed(Location::caller())
    }

    /// Waits until some attempt has succeeded.
    ///
    /// # Panics
    ///
    /// If an attempt panicked.
    #[track_caller]
    pub fn wait(&self) {
        self.wait_for(&[Stage::Done, Stage::Poisoned], Location::caller());
        assert!(self.stage.get() == Stage::Done, "Once instance has previously been poisoned");
    }

    /// As [`Once::wait`], but goes on waiting when an attempt panics.
    #[track_caller]
    pub fn wait_force(&self) {
        self.wait_for(&[Stage::Done], Location::caller());
    }

    fn wait_for(&self, stages: &[Stage], at: Place) {
        let object = self.meet().expect("a Once of `interleave` can wait in an exploration only");
        point(at, |run| format!("waits for {}", run.object_name(object)));
        wait_until(object, WaitOn::Once(object), at, |_| {
            stages.contains(&self.stage.get()).then_some(())
        });
    }

    pub(super) fn completed(&self, at: Place) -> bool {
        if let Some(object) = self.meet() {
            point(at, |run| format!("looks at {}", run.object_name(object)));
        }
        self.stage.get() == Stage::Done
    }

    /// As [`Once::completed`], but no scheduling point: for owners and destructors.
    pub(super) fn completed_now(&self) -> bool {
        self.meet();
        self.stage.get() == Stage::Done
    }

    /// Calls `f` at most once. A `dyn` function, so that this is compiled once.
    pub(super) fn call(&self, at: Place, force: bool, f: &mut dyn FnMut(&OnceState)) {
        if let Some(object) = self.meet() {
            point(at, |run| format!("calls {}", run.object_name(object)));
            wait_until(object, WaitOn::Once(object), at, |_| {
                (self.stage.get() != Stage::Running).then_some(())
            });
        }
        let before = self.stage.get();
        match before {
            Stage::Done => return,
            Stage::Poisoned if !force => {
                panic!("Once instance has previously been poisoned")
            }
            Stage::New | Stage::Running | Stage::Poisoned => {}
        }
        self.stage.set(Stage::Running);
        let attempt = Attempt { once: self, succeeded: Cell::new(false) };
        f(&OnceState { poisoned: before == Stage::Poisoned });
        attempt.succeeded.set(true);
        drop(attempt);
        afterwards();
    }

    pub(super) fn meet(&self) -> Option<usize> {
        let (object, meeting) = with_run(|run| self.object.meet(run))?;
        if meeting == Meeting::LeftOver {
            self.stage.set(Stage::New);
        }
        Some(object)
    }

    /// Starts anew, for an owner that takes the value out.
    pub(super) fn reset(&mut self) {
        self.stage.set(Stage::New);
    }
}

/// Decides what becomes of the `Once` when the attempt ends, by return or by panic.
struct Attempt<'a> {
    once: &'a Once,
    succeeded: Cell<bool>,
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let stage = if self.succeeded.get() { Stage::Done } else { Stage::Poisoned };
        self.once.stage.set(stage);
        if exploring()
            && let Some(object) = self.once.object.id()
        {
            with_run(|run| {
                run.changes();
                run.enable_waiters(object);
            });
        }
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").finish_non_exhaustive()
    }
}
