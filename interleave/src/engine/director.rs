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

/// Steps that threads may take after the body has returned.
const AFTERLIFE: usize = 2_000;

/// What the next choice should heed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Nothing.
    Any,
    /// The running thread asks others to go first.
    Yield,
    /// For long nothing has changed, so that it cannot matter who looks next, and whoever
    /// would change something should get a turn.
    Turns,
}

/// Chooses among the threads that can run.
pub(crate) trait Chooser {
    /// The rules of the next schedule, and what to repeat in it; none ends the exploration.
    fn begin(&mut self, epoch: u64) -> Option<Run>;

    /// One of `candidates`, which are never empty and in ascending order of their numbers.
    fn next(&mut self, candidates: &[&Task], current: Option<Id>, wish: Wish) -> Id;

    /// A number below `count`, for a choice that is not about threads.
    fn pick(&mut self, count: usize) -> usize;
}

/// A chooser that goes on after an exploration was interrupted.
impl<C: Chooser> Chooser for Rc<RefCell<C>> {
    fn begin(&mut self, epoch: u64) -> Option<Run> {
        self.borrow_mut().begin(epoch)
    }

    fn next(&mut self, candidates: &[&Task], current: Option<Id>, wish: Wish) -> Id {
        self.borrow_mut().next(candidates, current, wish)
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
                self.chooser.next(&runnable[..1], current, Wish::Any);
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
        let mut open = Open::default();
        let candidates = if run.soft == 0 {
            run.since_timer = 0;
            runnable
        } else {
            run.since_timer += 1;
            open = Open::of(run, runnable);
            &open.candidates
        };
        if candidates.is_empty() {
            run.end = Some(End::Deadlock);
            return None;
        }
        if run.schedule.tasks.len() >= self.step_limit {
            run.end = Some(End::TooLong);
            return None;
        }
        run.alone = candidates.len() == 1;
        run.choices += usize::from(!run.alone);
        run.width *= candidates.len() as f64;
        let wish = match (run.quiet() >= STREAK, yields || run.streak >= STREAK) {
            (true, _) => Wish::Turns,
            (false, true) => Wish::Yield,
            (false, false) => Wish::Any,
        };
        let chosen = usize::from(self.chooser.next(candidates, current, wish));
        let stays = chosen == run.current && !run.alone;
        run.streak = if stays && run.streak < STREAK { run.streak + 1 } else { 0 };
        run.schedule.tasks.push(u16::try_from(chosen).unwrap_or(u16::MAX));
        if run.waits_softly(chosen) {
            let woken = self.cause(run, chosen, open.jump);
            run.fire(chosen, woken, open.jump);
        }
        Some(chosen)
    }

    /// Why the wait of `task` ends; chosen where there are two reasons.
    fn cause(&mut self, run: &mut Run, task: TaskId, jump: Option<u64>) -> Woken {
        match (run.may_time_out(task, jump), run.may_wake_without_cause(task)) {
            (true, true) => {
                let picked = self.chooser.pick(2);
                run.width *= 2.0;
                run.schedule.picks.push(u16::from(picked > 0));
                if picked > 0 { Woken::Spurious } else { Woken::TimedOut }
            }
            (false, true) => Woken::Spurious,
            (_, false) => Woken::TimedOut,
        }
    }
}

/// The first of `candidates` after the running thread, in the order of their numbers.
pub(super) fn after(candidates: &[&Task], current: Option<Id>) -> Id {
    let later = candidates.iter().find(|task| current.is_none_or(|id| task.id() > id));
    later.unwrap_or(&candidates[0]).id()
}

/// What can be chosen from where threads wait that may go on by themselves.
#[derive(Default)]
struct Open<'a> {
    candidates: Vec<&'a Task>,
    /// The moment to which time may jump.
    jump: Option<u64>,
}

impl<'a> Open<'a> {
    fn of(run: &Run, runnable: &[&'a Task]) -> Self {
        let id = |task: &Task| TaskId::from(task.id());
        let (soft, ready): (Vec<&Task>, Vec<&Task>) =
            runnable.iter().copied().partition(|&task| run.waits_softly(id(task)));
        let earliest = soft.iter().filter_map(|&task| run.deadline(id(task))).min();
        let jump = earliest.filter(|_| ready.is_empty() || run.only_looks(ready.len()));
        // A wake-up without a cause cannot be relied on: alone it does not avert a deadlock.
        // And where there is one thread only, its timeout is all that it can mean.
        let certain = !ready.is_empty() || (earliest.is_some() && run.has_others());
        let may_go_on = |task: &&Task| {
            run.may_time_out(id(task), jump) || (certain && run.may_wake_without_cause(id(task)))
        };
        let mut candidates = ready;
        candidates.extend(soft.into_iter().filter(may_go_on));
        candidates.sort_by_key(|task| task.id());
        Self { candidates, jump }
    }
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
