//! What the tracing thread and the watching thread of one run share.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::family::Family;

/// The state of a run, and the clock that all of its times refer to.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The start of the run.
    pub(crate) started: Instant,
    /// How many tasks may live at once.
    pub(crate) processes: u64,
    state: Mutex<State>,
}

/// What is known of a run so far.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Its processes and threads.
    pub(crate) family: Family,
    /// Whether it is being ended by us; nothing new may start.
    pub(crate) ending: bool,
    /// Whether it started more tasks than it may.
    pub(crate) too_many: bool,
    /// Processor time of the processes that have ended.
    pub(crate) spent: Duration,
    /// When the first process ended by itself.
    pub(crate) root_ended: Option<Duration>,
    /// Bytes resident at once in the first process.
    pub(crate) root_memory: u64,
}

impl Shared {
    pub(crate) fn new(processes: u64) -> Self {
        Self { started: Instant::now(), processes, state: Mutex::default() }
    }

    /// Locks the state; a thread that panicked while it held it does not matter.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known once nobody else uses it.
    pub(crate) fn into_state(self) -> State {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Time since the start of the run.
    pub(crate) fn now(&self) -> Duration {
        self.started.elapsed()
    }
}
