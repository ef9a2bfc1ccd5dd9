//! [`std::sync`] under the explorer.
//!
//! `Arc` and `Weak` are the real ones: counting references is not a scheduling point.

pub mod atomic;
mod barrier;
mod condvar;
mod lazy_lock;
pub mod mpsc;
mod mutex;
mod once;
mod once_lock;
mod raw_mutex;
mod raw_rwlock;
mod rwlock;

pub use std::sync::{Arc, LockResult, PoisonError, TryLockError, TryLockResult, Weak};

pub use barrier::{Barrier, BarrierWaitResult};
pub use condvar::{Condvar, WaitTimeoutResult};
pub use lazy_lock::LazyLock;
pub use mutex::{Mutex, MutexGuard};
#[expect(deprecated, reason = "as in std")]
pub use once::ONCE_INIT;
pub use once::{Once, OnceState};
pub use once_lock::OnceLock;
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::engine::with_run;

/// Whether the running thread of the schedule unwinds; other threads of it may, meanwhile.
pub(crate) fn panicking() -> bool {
    with_run(|run| run.me().unwinding > 0).unwrap_or_else(std::thread::panicking)
}

fn poison_if<T>(poisoned: bool, value: T) -> LockResult<T> {
    if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
}

/// A timeout in the unit of virtual time.
pub(crate) fn nanoseconds(timeout: std::time::Duration) -> u64 {
    u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX)
}

/// The present moment in virtual time; 0 outside of an exploration.
fn now() -> u64 {
    with_run(|run| run.now).unwrap_or(0)
}
