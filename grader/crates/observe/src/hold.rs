//! Holds tasks still, and lets them go on as if nothing had happened.
//!
//! A signal that nobody handles goes by unnoticed, unless its process is traced: then it wakes a
//! thread, which stops for us. What the thread waited for is broken off, and taken up again when
//! it goes on. But another thread, which goes on from a stop of its own, may have taken the signal
//! before. Then the one that it woke does not stop, and a call such as `epoll_wait` fails with
//! `EINTR` in a program that no signal can interrupt.
//!
//! So, before a thread goes on, those beside it that wait in such a call are held; and from there
//! they are *followed*: they stop where the call ends, and take it up again if it was broken off.
//! It is not done from the start: it costs two stops for each call.

use std::collections::{BTreeMap, BTreeSet};

use jail::Pid;
use jail::trace::{Status, Waited, listen, resume, resume_to_call, wait_any};
use nix::sys::ptrace;

use crate::arch::{self, Registers};
use crate::family::TaskRef;
use crate::proc;
use crate::tracer::{Next, Tracer};

/// A task that is held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    /// How it goes on.
    pub(crate) next: Next,
    /// Whether it stands at the edge of its own code, where nothing is under way in the
    /// kernel: only there may its registers be changed for a while.
    pub(crate) at_rest: bool,
}

impl Tracer<'_> {
    /// Lets a stopped task go on so that nobody else's wait is broken off by it.
    pub(crate) fn go_on(&self, pid: Pid, next: Next) {
        let mut held = BTreeMap::new();
        self.hold(&mut held, self.may_be_broken_off_beside(pid), false);
        self.take(pid, next);
        self.release(held);
    }

    /// Lets a stopped task go on.
    pub(crate) fn take(&self, pid: Pid, next: Next) {
        let is_followed = self.followed.borrow().contains(&pid.as_raw());
        // A task that was killed in the meantime cannot go on, and need not.
        let _ = match next {
            Next::Run { signal } if is_followed => resume_to_call(pid, signal),
            Next::Run { signal } => resume(pid, signal),
            Next::StayStopped => listen(pid),
            Next::Gone => return,
        };
    }

    /// Lets a call go on that a signal has broken off only because we watch: of a task that
    /// is traced even a signal that nobody handles, such as that of a child's end, breaks off
    /// what it waits for. If there is a handler the kernel breaks it off all the same.
    ///
    /// True if there is such a call, which is followed from now on.
    pub(crate) fn go_on_waiting(&self, pid: Pid) -> bool {
        let again = Registers::of(pid).and_then(|registers| registers.again());
        // If this fails the task is dead.
        let goes_on = again.is_some_and(|again| again.give(pid).is_some());
        if goes_on {
            self.followed.borrow_mut().insert(pid.as_raw());
        }
        goes_on
    }

    /// Lets held tasks go on as if nothing had happened.
    pub(crate) fn release(&self, held: BTreeMap<i32, Held>) {
        for (tid, Held { next, .. }) in held {
            let task = Pid::from_raw(tid);
            self.go_on_waiting(task);
            self.take(task, next);
        }
    }

    /// Whether a followed task has come to the beginning or the end of a call. It goes on then.
    pub(crate) fn passes_call(&self, waited: &Waited) -> bool {
        const CALL: Status = Status::Stopped { signal: libc::SIGTRAP | 0x80, event: 0 };
        if waited.status != CALL {
            return false;
        }
        let registers = Registers::of(waited.pid);
        let begins = registers.is_some_and(|registers| registers.begins_call(&arch::BROKEN_OFF));
        if !begins && !self.go_on_waiting(waited.pid) {
            self.followed.borrow_mut().remove(&waited.pid.as_raw());
        }
        self.take(waited.pid, Next::Run { signal: 0 });
        true
    }

    /// Stops every task. Those that end meanwhile are recorded as ever.
    pub(crate) fn hold_all(&self, first: Pid) -> BTreeMap<i32, Held> {
        let next = Next::Run { signal: 0 };
        let mut held = BTreeMap::from([(first.as_raw(), Held { next, at_rest: true })]);
        let roll = self.shared.lock().family.roll();
        let others = roll.iter().filter(|task| task.tid != first.as_raw() && !task.exiting);
        self.hold(&mut held, others.map(|task| task.tid).collect(), true);
        held
    }

    /// Stops `tasks`. Others that stop meanwhile are `held` too if `all` are wanted.
    fn hold(&self, held: &mut BTreeMap<i32, Held>, tasks: Vec<i32>, all: bool) {
        let interrupted =
            tasks.into_iter().filter(|tid| ptrace::interrupt(Pid::from_raw(*tid)).is_ok());
        let mut awaited: BTreeSet<_> = interrupted.collect();
        while !awaited.is_empty() {
            let Ok(waited) = wait_any() else { break };
            let tid = waited.pid.as_raw();
            let at_rest = is_interruption(&waited);
            if self.passes_call(&waited) {
                continue;
            }
            if !all && self.requests_exam(&waited) {
                self.to_examine.set(Some(waited.pid));
                awaited.remove(&tid);
                continue;
            }
            match self.note(&waited) {
                Some(next) if awaited.contains(&tid) || (all && !self.is_exiting(tid)) => {
                    held.insert(tid, Held { next, at_rest });
                }
                Some(next) => self.take(waited.pid, next),
                None => drop(held.remove(&tid)),
            }
            // A program that is executed does away with threads without a word.
            let state = self.shared.lock();
            awaited.retain(|other| *other != tid && state.family.knows(*other));
        }
    }

    fn is_exiting(&self, tid: i32) -> bool {
        self.shared.lock().family.is_exiting(tid)
    }

    /// The threads beside this one that a signal may keep from what they wait for, in a
    /// process whose children's ends send it some.
    fn may_be_broken_off_beside(&self, task: Pid) -> Vec<i32> {
        // Who exits takes no signals, and somebody beside it may wait in the kernel for its end.
        if !arch::CAN_TAKE_UP || self.is_exiting(task.as_raw()) {
            return Vec::new();
        }
        let mut beside = self.shared.lock().family.threads_of_parent_beside(task.as_raw());
        let followed = self.followed.borrow();
        beside.retain(|task| !followed.contains(&task.tid) && may_be_broken_off(*task));
        beside.iter().map(|task| task.tid).collect()
    }
}

fn may_be_broken_off(task: TaskRef) -> bool {
    // Who runs may have just been woken.
    proc::call(task.pid, task.tid).is_none_or(|call| arch::BROKEN_OFF.contains(&call.number))
}

/// Whether a task stopped because it was told to, on the way back to its own code.
fn is_interruption(waited: &Waited) -> bool {
    waited.status == Status::Stopped { signal: libc::SIGTRAP, event: libc::PTRACE_EVENT_STOP }
}
