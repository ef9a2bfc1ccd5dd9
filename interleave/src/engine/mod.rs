//! The model under the look-alike: what every thread of a schedule does, waits for and holds.
//!
//! All threads of a schedule are coroutines on one operating-system thread, and only one of
//! them runs at a time. So the state of a schedule, [`Run`], is a plain value in a
//! thread-local; no borrow of it is ever held across a scheduling point.

pub(crate) mod dfs;
pub(crate) mod director;
pub(crate) mod object;
mod pace;
pub(crate) mod portfolio;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod schedule;
pub(crate) mod statics;
pub(crate) mod task;
pub(crate) mod trace;
pub(crate) mod wait;
pub(crate) mod weak;

use std::cell::RefCell;
use std::panic::Location;

use shuttle_engine::runtime::execution::ExecutionState;
use shuttle_engine::runtime::thread;

pub(crate) use object::{Kind, Object, ObjectId};
pub(crate) use run::Run;
pub(crate) use wait::{WaitOn, Woken, wait, wait_until};

/// A line of source.
pub(crate) type Place = &'static Location<'static>;

/// Numbers a thread within a schedule: 1 is the body of the test, 0 the explorer itself.
pub(crate) type TaskId = usize;

/// The explorer's own coroutine. It runs first and last and never in between.
pub(crate) const DRIVER: TaskId = 0;

/// The thread that runs the body of the test.
pub(crate) const MAIN: TaskId = 1;

thread_local! {
    static RUN: RefCell<Option<Run>> = const { RefCell::new(None) };
}

/// Looks at the schedule under way; none outside of an exploration and after its end.
pub(crate) fn with_run<R>(look: impl FnOnce(&mut Run) -> R) -> Option<R> {
    RUN.try_with(|cell| cell.try_borrow_mut().ok()?.as_mut().map(look)).ok().flatten()
}

/// Begins or ends a schedule, and returns the state of the one before.
pub(crate) fn replace_run(run: Option<Run>) -> Option<Run> {
    RUN.with(|cell| std::mem::replace(&mut *cell.borrow_mut(), run))
}

/// Where the calling thread keeps the state of the schedule under way.
pub(crate) fn run_address() -> *mut Option<Run> {
    RUN.with(RefCell::as_ptr)
}

/// Whether this code runs as a thread of a schedule.
pub(crate) fn exploring() -> bool {
    with_run(|_| ()).is_some()
}

/// A scheduling point: any thread may run before the caller goes on.
///
/// Belongs before every operation that other threads can notice. `describe` says what the
/// operation is, for the printed interleaving. Nothing happens outside of an exploration or
/// while the thread unwinds, where a switch could meet a half-dropped frame.
pub(crate) fn point(at: Place, describe: impl FnOnce(&Run) -> String) {
    weak_point(at, describe);
    with_run(Run::sees_all);
}

/// A scheduling point before an operation that orders nothing but what its own memory ordering
/// says.
pub(crate) fn weak_point(at: Place, describe: impl FnOnce(&Run) -> String) {
    if with_run(|run| run.may_switch()) == Some(true) {
        thread::switch();
    }
    with_run(|run| run.step(at, describe));
}

/// A scheduling point at which the caller asks others to go first.
pub(crate) fn yield_point(at: Place, describe: impl FnOnce(&Run) -> String) {
    if with_run(|run| run.may_switch()) == Some(true) {
        ExecutionState::request_yield();
    }
    weak_point(at, describe);
}

/// A scheduling point after an operation, where the rules ask for it: what the thread does next
/// unseen by the model, such as dropping an `Arc`, may then come late.
pub(crate) fn afterwards() {
    if with_run(|run| run.rules().delays && run.may_switch()) == Some(true) {
        thread::switch();
    }
}

/// Whether an operation that std allows to fail for no reason does so now. A thread that is
/// alone is spared: what it shows is how std behaves, not a race.
pub(crate) fn fails_without_cause() -> bool {
    let may = with_run(|run| {
        run.uses.spurious = true;
        run.rules().spurious && run.spurious_left > 0 && run.has_others()
    });
    let fails = may == Some(true) && pick(2) == 1;
    if fails {
        with_run(|run| run.spurious_left -= 1);
    }
    fails
}

/// One of `count` possibilities that the standard library leaves open, chosen by the scheduler.
pub(crate) fn pick(count: usize) -> usize {
    if count < 2 {
        return 0;
    }
    let announced = with_run(|run| {
        run.pick_among = count;
        run.width *= count as f64;
    });
    if announced.is_none() {
        return 0;
    }
    let picked = ExecutionState::next_u64() as usize;
    with_run(|run| run.schedule.picks.push(u16::try_from(picked).unwrap_or(u16::MAX)));
    picked
}
