//! `Condvar`.

use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::{LockResult, PoisonError};
use std::time::Duration;

use super::mutex::MutexGuard;
use super::raw_mutex::{Held, RawMutex};
use super::{nanoseconds, now};
use crate::engine::object::Memory;
use crate::engine::{
    Kind, Object, ObjectId, Place, WaitOn, Woken, afterwards, pick, point, wait, with_run,
};

/// [`std::sync::Condvar`] under the explorer.
///
/// `notify_one` may choose any waiter, and where the exploration tries spurious wake-ups, a
/// wait may end without a notification: the standard library promises neither.
pub struct Condvar {
    object: Object,
}

// Only ever touched by the one coroutine that runs.
impl UnwindSafe for Condvar {}
impl RefUnwindSafe for Condvar {}

/// Whether a timed wait ended because its time was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether the time was up.
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    /// A condition variable that nobody waits on.
    #[track_caller]
    pub const fn new() -> Self {
        Self { object: Object::new(Kind::Condvar, Location::caller()) }
    }

    /// Unlocks, waits for a notification, and locks again.
    #[track_caller]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.wait_at(guard, None, Location::caller()).0
    }

    /// Waits as long as `condition` holds.
    #[track_caller]
    pub fn wait_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: F,
    ) -> LockResult<MutexGuard<'a, T>>
    where
        F: FnMut(&mut T) -> bool,
    {
        let at = Location::caller();
        while condition(&mut *guard) {
            guard = self.wait_at(guard, None, at).0?;
        }
        Ok(guard)
    }

    /// Waits for a notification, but no longer than `timeout`.
    #[track_caller]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let (guard, woken) = self.wait_at(guard, Some(timeout), Location::caller());
        with_result(guard, woken == Woken::TimedOut)
    }

    /// Waits as long as `condition` holds, but no longer than `timeout` in all.
    #[track_caller]
    pub fn wait_timeout_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        timeout: Duration,
        mut condition: F,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)>
    where
        F: FnMut(&mut T) -> bool,
    {
        let at = Location::caller();
        let deadline = now().saturating_add(nanoseconds(timeout));
        loop {
            if !condition(&mut *guard) {
                return Ok((guard, WaitTimeoutResult(false)));
            }
            let Some(left) = deadline.checked_sub(now()).filter(|&left| left > 0) else {
                return Ok((guard, WaitTimeoutResult(true)));
            };
            let waited = self.wait_at(guard, Some(Duration::from_nanos(left)), at).0;
            guard = match waited {
                Ok(guard) => guard,
                Err(error) => return with_result(Err(error), false),
            };
        }
    }

    /// As `wait_timeout`, in milliseconds; true unless the time was up.
    #[deprecated(since = "1.6.0", note = "replaced by `Condvar::wait_timeout`")]
    #[track_caller]
    pub fn wait_timeout_ms<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        ms: u32,
    ) -> LockResult<(MutexGuard<'a, T>, bool)> {
        let timeout = Duration::from_millis(ms.into());
        let (guard, woken) = self.wait_at(guard, Some(timeout), Location::caller());
        let in_time = woken != Woken::TimedOut;
        match guard {
            Ok(guard) => Ok((guard, in_time)),
            Err(error) => Err(PoisonError::new((error.into_inner(), in_time))),
        }
    }

    /// Wakes one thread that waits, if any does.
    #[track_caller]
    pub fn notify_one(&self) {
        let Some(object) = self.announce(Location::caller(), "notifies one waiter of") else {
            return;
        };
        let count = with_run(|run| run.objects[object].waiters.len()).unwrap_or(0);
        if count > 0 {
            let chosen = pick(count);
            with_run(|run| {
                let task = run.objects[object].waiters.remove(chosen);
                run.wake(task, Woken::Notified);
            });
        }
        afterwards();
    }

    /// Wakes every thread that waits.
    #[track_caller]
    pub fn notify_all(&self) {
        let Some(object) = self.announce(Location::caller(), "notifies all waiters of") else {
            return;
        };
        with_run(|run| {
            for task in std::mem::take(&mut run.objects[object].waiters) {
                run.wake(task, Woken::Notified);
            }
        });
        afterwards();
    }

    fn announce(&self, at: Place, what: &str) -> Option<ObjectId> {
        let object = self.object.id()?;
        point(at, |run| {
            let waiting = run.objects[object].waiters.len();
            format!("{what} {} ({waiting} waiting)", run.object_name(object))
        });
        Some(object)
    }

    fn wait_at<'a, T: ?Sized>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Option<Duration>,
        at: Place,
    ) -> (LockResult<MutexGuard<'a, T>>, Woken) {
        guard.give_up_for(at, |mutex, data| self.wait_with(mutex, data, timeout, at))
    }

    fn wait_with(
        &self,
        mutex: &RawMutex,
        data: Memory,
        timeout: Option<Duration>,
        at: Place,
    ) -> (Held, Woken) {
        let (Some(object), Some(lock)) = (self.object.id(), mutex.meet(data)) else {
            panic!("`Condvar::wait` of `interleave` works in an exploration only")
        };
        // Between the caller's last look at its condition and the moment at which it counts
        // as waiting, others may act.
        point(at, |run| format!("unlocks and waits on {}", run.object_name(object)));
        with_run(|run| {
            let me = run.current;
            run.objects[object].waiters.push(me);
        });
        mutex.release_for_wait();
        let woken = wait(WaitOn::Notify(object), at, timeout.map(nanoseconds));
        with_run(|run| {
            run.record(at, |_| {
                match woken {
                    Woken::Notified => "was notified",
                    Woken::TimedOut => "gives up: time is up",
                    Woken::Spurious => "wakes up without a notification, which std allows",
                }
                .to_owned()
            });
        });
        (mutex.acquire(lock, at), woken)
    }
}

fn with_result<'a, T: ?Sized>(
    guard: LockResult<MutexGuard<'a, T>>,
    timed_out: bool,
) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
    let result = WaitTimeoutResult(timed_out);
    match guard {
        Ok(guard) => Ok((guard, result)),
        Err(error) => Err(PoisonError::new((error.into_inner(), result))),
    }
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}
