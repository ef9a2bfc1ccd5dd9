//! Decides at each step who runs: the bridge between the model and Shuttle's schedulers.
//!
//! Shuttle sees every thread that is not blocked. The director hides from a [`Chooser`] the
//! explorer's own coroutine and the timers that may not fire yet, notices that nothing can
//! run, and writes down every choice.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use shuttle_engine::scheduler::{Schedule as ShuttleSchedule, Scheduler, Task, TaskId as Id};

use super::run::{End, OUTPUT_LIMIT};
use super::wait::Woken;
use super::{DRIVER, Run, TaskId, replace_run, with_run};
use crate::explore::watchdog::STEPS;

/// Steps in a row that one thread may take while others could run, before it is asked to
/// yield. A spin loop would otherwise never let anyone else run under some schedulers.
const STREAK: usize = 300;

/// Steps that threads may take before time passes for those that wait for it: a thread that
/// spins until another has slept would otherwise spin for ever.
const PATIENCE: usize = 1_000;

/// Steps that threads may take after the body has returned.
const AFTERLIFE: usize = 2_000;

/// Chooses among the threads that can run.
pub(crate) trait Chooser {
    /// The rules of the next schedule, and what to repeat in it; none ends the exploration.
    fn begin(&mut self, epoch: u64) -> Option<Run>;

    /// One of `candidates`, which are never empty and in ascending order of their numbers.
    fn next(&mut self, candidates: &[&Task], current: Option<Id>, yielding: bool) -> Id;

    /// A number below `count`, for a choice that is not about threads.
    fn pick(&mut self, count: usize) -> usize;
}

/// A chooser that goes on after an exploration was interrupted.
impl<C: Chooser> Chooser for Rc<RefCell<C>> {
    fn begin(&mut self, epoch: u64) -> Option<Run> {
        self.borrow_mut().begin(epoch)
    }

    fn next(&mut self, candidates: &[&Task], current: Option<Id>, yielding: bool) -> Id {
        self.borrow_mut().next(candidates, current, yielding)
    }

    fn pick(&mut self, count: usize) -> usize {
        self.borrow_mut().pick(count)
    }
}

/// Runs schedules as `chooser` says and hands each that has ended to `observe`.
pub(crate) struct Director<C, O> {
    pub(crate) chooser: C,
    pub(crate) observe: O,
    /// Steps after which a schedule is given up.
    pub(crate) step_limit: usize,
}

impl<C: Chooser, O: FnMut(&mut C, Run) -> ControlFlow<()>> Scheduler for Director<C, O> {
    fn new_execution(&mut self) -> Option<ShuttleSchedule> {
        if let Some(before) = replace_run(None)
            && (self.observe)(&mut self.chooser, before).is_break()
        {
            return None;
        }
        let run = self.chooser.begin(next_epoch())?;
        super::statics::put_back();
        replace_run(Some(run));
        Some(ShuttleSchedule::new(0))
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<Id>, yields: bool) -> Option<Id> {
        STEPS.fetch_add(1, Ordering::Relaxed);
        let chosen = with_run(|run| {
            if run.tasks.len() == 1 || run.current == DRIVER && runnable.len() == 1 {
                self.chooser.next(&runnable[..1], current, false);
                return Some(DRIVER);
            }
            if run.end.is_some() {
                return after_the_end(run, &runnable[1..]);
            }
            let chosen = self.choose(run, &runnable[1..], current, yields);
            if run.output.len() > OUTPUT_LIMIT {
                run.end = Some(End::Flood);
                return None;
            }
            chosen
        })??;
        with_run(|run| run.current = chosen);
        Some(chosen.into())
    }

    fn next_u64(&mut self) -> u64 {
        let count = with_run(|run| run.pick_among).unwrap_or(1);
        self.chooser.pick(count) as u64
    }
}

impl<C: Chooser, O> Director<C, O> {
    fn choose(
        &mut self,
        run: &mut Run,
        runnable: &[&Task],
        current: Option<Id>,
        yields: bool,
    ) -> Option<TaskId> {
        let mut due = Vec::new();
        let candidates = if run.soft == 0 {
            runnable
        } else {
            due = candidates(run, runnable);
            &due
        };
        if candidates.is_empty() {
            run.end = Some(End::Deadlock);
            return None;
        }
        if run.schedule.tasks.len() >= self.step_limit {
            run.end = Some(End::TooLong);
            return None;
        }
        run.choices += usize::from(candidates.len() > 1);
        run.width *= candidates.len() as f64;
        run.since_timer += 1;
        let yields = yields || run.streak >= STREAK;
        let chosen = usize::from(self.chooser.next(candidates, current, yields));
        let stays = chosen == run.current && candidates.len() > 1;
        run.streak = if stays && run.streak < STREAK { run.streak + 1 } else { 0 };
        run.schedule.tasks.push(u16::try_from(chosen).unwrap_or(u16::MAX));
        if run.soft > 0 && run.tasks[chosen].wait.as_ref().is_some_and(|wait| wait.soft) {
            let woken = run.may_fire(chosen).unwrap_or(Woken::TimedOut);
            run.fire(chosen, woken);
        }
        drop(due);
        Some(chosen)
    }
}

/// The threads that can run, timers included only if they may fire.
fn candidates<'a>(run: &Run, runnable: &[&'a Task]) -> Vec<&'a Task> {
    let waits_softly = |task: TaskId| run.tasks[task].wait.as_ref().is_some_and(|wait| wait.soft);
    let (soft, ready): (Vec<&Task>, Vec<&Task>) =
        runnable.iter().copied().partition(|task| waits_softly(task.id().into()));
    let mut candidates = ready;
    // A wake-up without a cause cannot be relied on: alone it does not avert a deadlock.
    let certain = !candidates.is_empty()
        || soft.iter().any(|task| run.may_fire(task.id().into()) == Some(Woken::TimedOut));
    if certain {
        candidates.extend(soft.iter().filter(|task| run.may_fire(task.id().into()).is_some()));
    }
    if !certain || run.since_timer >= PATIENCE {
        let deadline = |task: &&&Task| {
            run.tasks[usize::from(task.id())].wait.as_ref().and_then(|wait| wait.deadline)
        };
        let earliest = soft.iter().filter_map(|task| deadline(&task)).min();
        candidates
            .extend(soft.iter().filter(|task| earliest.is_some() && deadline(task) == earliest));
    }
    candidates.sort_by_key(|task| task.id());
    candidates.dedup_by_key(|task| task.id());
    candidates
}

/// Lets threads that nobody waited for come to their end, since those that do not cost their
/// stacks. Nothing they do matters any more.
fn after_the_end(run: &mut Run, runnable: &[&Task]) -> Option<TaskId> {
    if run.all_finished() {
        return Some(DRIVER);
    }
    if run.stopped() || run.afterlife >= AFTERLIFE {
        return None;
    }
    run.afterlife += 1;
    let ready = |task: &&&Task| {
        let wait = &run.tasks[usize::from(task.id())].wait;
        !wait.as_ref().is_some_and(|wait| wait.soft)
    };
    let ready: Vec<&&Task> = runnable.iter().filter(ready).collect();
    let task = ready.get(run.afterlife / 16 % ready.len().max(1))?;
    Some(task.id().into())
}

fn next_epoch() -> u64 {
    use std::sync::atomic::AtomicU64;
    static EPOCH: AtomicU64 = AtomicU64::new(1);
    EPOCH.fetch_add(1, Ordering::Relaxed)
}
