//! How a thread waits.

use shuttle_engine::runtime::execution::ExecutionState;
use shuttle_engine::runtime::thread;

use super::schedule::Time;
use super::trace::Effect;
use super::{ObjectId, Place, Run, TaskId, with_run};

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitOn {
    Lock(ObjectId),
    Read(ObjectId),
    Write(ObjectId),
    Notify(ObjectId),
    Barrier(ObjectId),
    Once(ObjectId),
    Receive(ObjectId),
    Send(ObjectId),
    Join(TaskId),
    Scope,
    Unpark,
    Sleep,
}

impl WaitOn {
    pub(crate) fn object(self) -> Option<ObjectId> {
        match self {
            Self::Lock(object)
            | Self::Read(object)
            | Self::Write(object)
            | Self::Notify(object)
            | Self::Barrier(object)
            | Self::Once(object)
            | Self::Receive(object)
            | Self::Send(object) => Some(object),
            Self::Join(_) | Self::Scope | Self::Unpark | Self::Sleep => None,
        }
    }

    /// Whether the standard library allows the wait to end without a cause.
    fn may_be_spurious(self) -> bool {
        matches!(self, Self::Notify(_) | Self::Unpark)
    }
}

/// A wait under way.
#[derive(Clone, Debug)]
pub(crate) struct Wait {
    pub(crate) on: WaitOn,
    pub(crate) at: Place,
    /// Virtual time at which it gives up.
    pub(crate) deadline: Option<u64>,
    /// Whether the scheduler may end it by itself: a timer, or a wake-up without a cause.
    pub(crate) soft: bool,
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// What it waited for came.
    Notified,
    /// Its time was up.
    TimedOut,
    /// For no reason.
    Spurious,
}

/// Waits until someone calls [`Run::wake`], the deadline passes, or (where that is allowed)
/// for no reason. The caller registers itself where the waker looks before.
///
/// `timeout` is in nanoseconds from now. A schedule that was broken off wakes nobody.
pub(crate) fn wait(on: WaitOn, at: Place, timeout: Option<u64>) -> Woken {
    let soft = with_run(|run| {
        let deadline = timeout.map(|timeout| run.now.saturating_add(timeout));
        run.uses.timers |= deadline.is_some();
        run.uses.spurious |= on.may_be_spurious();
        let soft = deadline.is_some() || (run.rules().spurious && on.may_be_spurious());
        run.soft += usize::from(soft);
        run.changes();
        run.me().woken = None;
        run.me().wait = Some(Wait { on, at, deadline, soft });
        soft
    });
    let Some(soft) = soft else { return Woken::Notified };
    if !soft {
        ExecutionState::with(|state| state.current_mut().block(false));
    }
    thread::switch();
    let woken = with_run(|run| {
        run.sees_all();
        run.me().woken.take()
    });
    woken.flatten().unwrap_or(Woken::Notified)
}

/// Waits until `take` succeeds. The thread stands among the object's waiters meanwhile, and
/// looks again whenever they are enabled.
pub(crate) fn wait_until<R>(
    object: ObjectId,
    on: WaitOn,
    at: Place,
    mut take: impl FnMut(&mut Run) -> Option<R>,
) -> Option<R> {
    let mut waiting = false;
    loop {
        let taken = with_run(|run| {
            let taken = take(run);
            let me = run.current;
            run.sees_all();
            if taken.is_some() && waiting {
                run.objects[object].waiters.retain(|&waiter| waiter != me);
                run.me().wait = None;
                run.record(at, |run| format!("gets {}", run.object_name(object)));
                run.effect(Effect::Takes, object);
            }
            if taken.is_none() {
                if !waiting {
                    run.objects[object].waiters.push(me);
                    run.me().wait = Some(Wait { on, at, deadline: None, soft: false });
                    run.record_instead(at, |run| format!("waits for {}", run.object_name(object)));
                    run.effect(Effect::Waits, object);
                }
                ExecutionState::with(|state| state.current_mut().block(false));
            }
            taken
        })?;
        if taken.is_some() {
            return taken;
        }
        waiting = true;
        thread::switch();
    }
}

impl Run {
    /// When the wait of `task` is over, if ever by itself.
    pub(crate) fn deadline(&self, task: TaskId) -> Option<u64> {
        self.tasks[task].wait.as_ref()?.deadline
    }

    /// Whether the time of a waiting thread may be up now, where time may `jump` to a moment.
    pub(crate) fn may_time_out(&self, task: TaskId, jump: Option<u64>) -> bool {
        let early = self.rules().time == Time::Adversarial && self.tasks[task].early_left > 0;
        self.deadline(task)
            .is_some_and(|deadline| deadline <= self.now || jump == Some(deadline) || early)
    }

    /// Whether a waiting thread may go on now for no reason.
    pub(crate) fn may_wake_without_cause(&self, task: TaskId) -> bool {
        let wait = self.tasks[task].wait.as_ref();
        let open = wait.is_some_and(|wait| wait.on.may_be_spurious());
        open && self.rules().spurious && self.spurious_left > 0
    }

    /// Whether the scheduler may end the wait of `task` by itself.
    pub(crate) fn waits_softly(&self, task: TaskId) -> bool {
        self.tasks[task].wait.as_ref().is_some_and(|wait| wait.soft)
    }

    /// Ends a soft wait, where time may `jump` to a moment.
    pub(crate) fn fire(&mut self, task: TaskId, woken: Woken, jump: Option<u64>) {
        let Some(&Wait { on, deadline, .. }) = self.tasks[task].wait.as_ref() else { return };
        match (woken, deadline) {
            (Woken::TimedOut, Some(deadline)) => {
                let early = u32::from(deadline > self.now && jump != Some(deadline));
                self.now = self.now.max(deadline);
                self.tasks[task].early_left = self.tasks[task].early_left.saturating_sub(early);
                self.since_timer = 0;
            }
            (Woken::Spurious, _) => self.spurious_left -= 1,
            _ => {}
        }
        if let Some(object) = on.object() {
            self.objects[object].waiters.retain(|&waiter| waiter != task);
        }
        self.wake(task, woken);
    }
}
