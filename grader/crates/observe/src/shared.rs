//! What the tracing thread and the watching thread of one run share.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use observation::{Diagnosis, WaitFor};

use crate::Surroundings;
use crate::exam::Examined;
use crate::family::{Family, TaskRef};
use crate::leftovers::{self, Inventory};

/// The state of a run, and the clock that all of its times refer to.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The start of the run.
    pub(crate) started: Instant,
    /// How many tasks may live at once.
    pub(crate) processes: u64,
    /// Who else is there.
    pub(crate) surroundings: Surroundings,
    /// How much is found out about tasks that wait for ever.
    pub(crate) diagnosis: Diagnosis,
    /// When shared objects of the host had last changed before the start.
    shm_changed: Option<SystemTime>,
    state: Mutex<State>,
    changed: Condvar,
}

/// An examination of all tasks, held still. The watching thread requests it and
/// decides; the tracing thread holds the tasks in between.
#[derive(Debug, Default)]
pub(crate) enum Exam {
    /// There is none.
    #[default]
    None,
    /// The tracing thread shall hold the tasks; the first process has been sent SIGSTOP.
    Requested {
        /// The task that runs while all others wait, to be seen whether it goes round.
        runner: Option<TaskRef>,
    },
    /// All are held, and this was seen.
    Ready(Examined),
    /// They shall go on as if nothing had happened.
    Continue,
    /// The run shall end.
    End,
}

/// What is known of a run so far.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Its processes and threads.
    pub(crate) family: Family,
    /// Whether it is being ended by us; nothing new may start.
    pub(crate) ending: bool,
    /// The examination in progress, if any.
    pub(crate) exam: Exam,
    /// Whether every process has ended.
    pub(crate) over: bool,
    /// What there was before its first instruction.
    pub(crate) before: Option<Inventory>,
    /// The inodes of shared objects that its processes used.
    pub(crate) touched: BTreeSet<u64>,
    /// Whether it started more tasks than it may.
    pub(crate) too_many: bool,
    /// Processor time of the processes that have ended.
    pub(crate) spent: Duration,
    /// When the first process ended by itself.
    pub(crate) root_ended: Option<Duration>,
    /// Who waited for whom for ever in the first process when it ended by itself.
    pub(crate) stuck_at_end: Option<WaitFor>,
    /// Bytes resident at once in the first process.
    pub(crate) root_memory: u64,
}

impl Shared {
    pub(crate) fn new(processes: u64, surroundings: Surroundings, diagnosis: Diagnosis) -> Self {
        Self {
            started: Instant::now(),
            processes,
            surroundings,
            diagnosis,
            shm_changed: leftovers::last_change(),
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Whether somebody outside could wake a task. Nobody can in surroundings of its own, and
    /// nobody is thought of where a run is meant to hang.
    pub(crate) fn has_neighbours(&self) -> bool {
        self.surroundings == Surroundings::Shared && !self.is_meant_to_hang()
    }

    /// Whether nobody asks who waits for whom, since that is how it is meant to be.
    pub(crate) fn is_meant_to_hang(&self) -> bool {
        self.diagnosis == Diagnosis::Verdict
    }

    /// Notes which shared objects a process uses, if any have come or gone at all. In
    /// surroundings of its own whatever is left is the run's.
    pub(crate) fn note_touched(&self, state: &mut State, pid: i32) {
        let shared = self.surroundings == Surroundings::Shared;
        if shared && leftovers::last_change() != self.shm_changed {
            state.touched.extend(leftovers::touched_by(pid));
        }
    }

    /// Locks the state; a thread that panicked while it held it does not matter.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the examination and tells the other thread.
    pub(crate) fn set_exam(&self, exam: Exam) {
        self.lock().exam = exam;
        self.changed.notify_all();
    }

    /// Reports what was seen of held tasks. False if nobody waits for that any more.
    pub(crate) fn report_exam(&self, examined: Examined) -> bool {
        let mut state = self.lock();
        let wanted = matches!(state.exam, Exam::Requested { .. });
        if wanted {
            state.exam = Exam::Ready(examined);
            self.changed.notify_all();
        }
        wanted
    }

    /// Stops waiting for an examination.
    pub(crate) fn give_up_exam(&self) {
        let mut state = self.lock();
        let held = matches!(state.exam, Exam::Ready(_));
        state.exam = if held { Exam::Continue } else { Exam::None };
        self.changed.notify_all();
    }

    /// Records that a process executes `program`.
    pub(crate) fn executed(&self, state: &mut State, pid: i32, program: PathBuf) {
        state.family.executed(pid, program, self.now());
        self.changed.notify_all();
    }

    /// Waits until the program itself runs, or all is over, at most for `patience`.
    pub(crate) fn wait_for_begin(&self, patience: Duration) {
        let pending = |state: &mut State| !state.family.has_begun() && !state.over;
        drop(self.changed.wait_timeout_while(self.lock(), patience, pending));
    }

    /// Says that every process has ended.
    pub(crate) fn set_over(&self) {
        self.lock().over = true;
        self.changed.notify_all();
    }

    /// Waits until the tasks are held. False if that takes too long: some task may be
    /// in a sleep that nothing interrupts.
    pub(crate) fn wait_for_exam(&self) -> bool {
        let patience = Duration::from_secs(2);
        let pending =
            |state: &mut State| matches!(state.exam, Exam::Requested { .. }) && !state.over;
        let waited = self.changed.wait_timeout_while(self.lock(), patience, pending);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        matches!(state.exam, Exam::Ready(_))
    }

    /// Waits for the decision on held tasks. True if they shall go on.
    pub(crate) fn wait_for_decision(&self) -> bool {
        let pending = |state: &mut State| matches!(state.exam, Exam::Ready(_));
        let waited = self.changed.wait_while(self.lock(), pending);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        matches!(std::mem::take(&mut state.exam), Exam::Continue)
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
