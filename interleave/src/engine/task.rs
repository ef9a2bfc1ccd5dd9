//! The life of a thread in a schedule.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once};

use shuttle_engine::runtime::execution::ExecutionState;

use super::run::{PanicRecord, TaskState};
use super::wait::{WaitOn, Woken};
use super::weak::View;
use super::{DRIVER, Place, TaskId, afterwards, point, wait, with_run};

/// Bytes of stack per thread. Only what is used takes memory.
pub(crate) const STACK: usize = 512 << 10;

/// What a thread does.
pub(crate) type Work<'a> = Box<dyn FnOnce() + 'a>;

/// A function that is leaked rather than dropped when its schedule is broken off before it
/// ran: its captures may be in use on stacks that are leaked too.
struct Job(Option<Work<'static>>);

impl Drop for Job {
    fn drop(&mut self) {
        if with_run(|run| run.stopped()).unwrap_or(true) {
            std::mem::forget(self.0.take());
        }
    }
}

/// Starts a thread. A scheduling point; none outside of an exploration.
///
/// # Safety
///
/// What `work` borrows must live until the thread has finished.
#[expect(unsafe_code, reason = "scoped threads borrow; Shuttle wants 'static")]
pub(crate) unsafe fn spawn(name: Option<Arc<str>>, at: Place, work: Work<'_>) -> Option<TaskId> {
    with_run(|_| ())?;
    // SAFETY: promised by the caller; only the lifetime changes.
    let work: Work<'static> = unsafe { std::mem::transmute(work) };
    let mut job = Job(Some(work));
    let run = Box::new(move || {
        if let Some(work) = job.0.take() {
            work();
        }
        finish();
    });
    let id = usize::from(ExecutionState::spawn_thread(run, STACK, None, None, at));
    with_run(|run| {
        debug_assert_eq!(id, run.tasks.len(), "both sides number threads alike");
        let mut task = TaskState::new(name, Some(at));
        task.knows.view = View::up_to(run.stores);
        run.tasks.push(task);
        run.gets_on();
        if run.current != DRIVER {
            run.step(at, |run| format!("starts {}", run.task_name(id)));
        }
    });
    afterwards();
    Some(id)
}

/// Ends the running thread.
fn finish() {
    drop_locals();
    with_run(|run| {
        let me = run.current;
        run.tasks[me].finished = true;
        run.gets_on();
        for joiner in std::mem::take(&mut run.tasks[me].joiners) {
            run.wake(joiner, Woken::Notified);
        }
    });
}

/// Destroys the running thread's thread-local values, each of which may make new ones.
fn drop_locals() {
    let next = || {
        with_run(|run| {
            let locals = &mut run.me().locals;
            locals.iter_mut().find_map(|(_, value)| value.take())
        })
        .flatten()
    };
    while let Some(value) = next() {
        drop(value);
    }
}

/// Waits for the end of `task`.
pub(crate) fn join(task: TaskId, at: Place) {
    point(at, |run| format!("joins {}", run.task_name(task)));
    let blocked = with_run(|run| {
        run.tasks[task].joined = true;
        let blocked = !run.tasks[task].finished;
        if blocked {
            let me = run.current;
            run.tasks[task].joiners.push(me);
            run.record_instead(at, |run| format!("waits for {} to end", run.task_name(task)));
        }
        blocked
    });
    if blocked == Some(true) {
        wait(WaitOn::Join(task), at, None);
    }
}

/// Runs `body` and catches its panic, as a thread's outermost frame or `catch_unwind` does.
pub(crate) fn catch<R>(body: impl FnOnce() -> R) -> std::thread::Result<R> {
    let before = unwinding();
    let result = catch_unwind(AssertUnwindSafe(body));
    if result.is_err() {
        caught(before);
    }
    result
}

/// How many panics unwind through the running thread.
fn unwinding() -> usize {
    with_run(|run| run.me().unwinding).unwrap_or(0)
}

/// Notes that a panic was caught where `before` of them were unwinding.
fn caught(before: usize) {
    with_run(|run| run.me().unwinding = before);
}

/// What a panic's payload says.
pub(crate) fn payload_text(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "Box<dyn Any>".to_owned())
}

/// Keeps panics inside of schedules from being printed, and writes them down instead.
pub(crate) fn watch_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        // Shuttle wraps the hook, once, in one that prints on every panic. Let it, and drop it.
        install_and_drop_shuttles_hook();
        std::panic::set_hook(Box::new(move |info| {
            let recorded = with_run(|run| {
                // That is Shuttle's, on what was broken off.
                if run.stopped() {
                    return;
                }
                run.me().unwinding += 1;
                run.panicked(PanicRecord {
                    task: run.current,
                    message: payload_text(info.payload()),
                    at: info.location().map(|at| (at.file().to_owned(), at.line())),
                });
            });
            if recorded.is_none() {
                before(info);
            }
        }));
    });
}

fn install_and_drop_shuttles_hook() {
    use shuttle_engine::{Config, FailurePersistence, Runner};
    let mut config = Config::new();
    config.failure_persistence = FailurePersistence::None;
    let scheduler = shuttle_schedulers::RandomScheduler::new_from_seed(0, 1);
    Runner::new(scheduler, config).run(|| ());
    drop(std::panic::take_hook());
}
