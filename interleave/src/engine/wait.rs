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
        run.me().woken = None;
        run.me().wait = Some(Wait { on, at, deadline, soft });
        soft
    });
    let Some(soft) = soft else { return Woken::Notified };
    if !soft {
        ExecutionState::with(|state| state.current_mut().block(false));
    }
    thread::switch();
    with_run(|run| run.me().woken.take()).flatten().unwrap_or(Woken::Notified)
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
    /// Whether the scheduler may let a waiting thread go on now, and why it would.
    pub(crate) fn may_fire(&self, task: TaskId) -> Option<Woken> {
        let wait = self.tasks[task].wait.as_ref().filter(|wait| wait.soft)?;
        match wait.deadline {
            Some(deadline) if deadline <= self.now => Some(Woken::TimedOut),
            Some(_) if self.rules().time == Time::Adversarial => Some(Woken::TimedOut),
            _ if self.rules().spurious && self.spurious_left > 0 && wait.on.may_be_spurious() => {
                Some(Woken::Spurious)
            }
            _ => None,
        }
    }

    /// Ends a soft wait.
    pub(crate) fn fire(&mut self, task: TaskId, woken: Woken) {
        let Some(wait) = &self.tasks[task].wait else { return };
        match (woken, wait.deadline) {
            (Woken::TimedOut, Some(deadline)) => {
                self.now = self.now.max(deadline);
                self.since_timer = 0;
            }
            (Woken::Spurious, _) => self.spurious_left -= 1,
            _ => {}
        }
        if let Some(object) = wait.on.object() {
            self.objects[object].waiters.retain(|&waiter| waiter != task);
        }
        self.wake(task, woken);
    }
}
