//! Proves that a run cannot go on, from two looks at `/proc`.
//!
//! The first look reads, per task, the counters of context switches and then the
//! system call; the second reads the system call and then the counters. If both
//! agree and every task sleeps, then every task was blocked in the same call from
//! its first look to its second, so all were blocked at once at the moment between
//! the two. If each of these waits is untimed and only tasks of the run could end
//! it, none of them ever will. (In the other order of reading, a task may block,
//! be seen, run and block again between the looks: that convicts correct programs.)
//!
//! One thing cannot be read from `/proc`: whether a process has set an alarm. So
//! the proof holds only together with an [examination](crate::exam).

use rustix::process::{WaitId, WaitIdOptions, waitid};

use crate::doubt::Doubtful;
use crate::exam::Examined;
use crate::family::{Family, TaskRef};
use crate::influences;
use crate::proc::{self, Call};
use crate::shared::Shared;
use crate::waits::{Scene, Wait};

/// What an attempt at a proof came to.
#[derive(Clone, Debug)]
pub(crate) enum Attempt {
    /// Some task runs, or is about to.
    Busy,
    /// All sleep, but something else could wake one of them.
    Open(Doubtful),
    /// Nothing but the tasks themselves could wake any of them, an alarm excepted.
    Deadlock(Proof),
}

/// The evidence.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    /// Every task, and what it waits for.
    pub(crate) stuck: Vec<Stuck>,
    /// The generation of the family of which this holds.
    pub(crate) generation: u64,
}

/// A task that waits for ever.
#[derive(Clone, Debug)]
pub(crate) struct Stuck {
    /// Which.
    pub(crate) task: TaskRef,
    /// For what.
    pub(crate) wait: Wait,
}

/// What one look saw of one task.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sight {
    task: TaskRef,
    switches: (u64, u64),
    call: Call,
}

/// Which of the two looks it is, and so in which order it reads.
#[derive(Clone, Copy)]
enum Look {
    First,
    Second,
}

/// Tries to prove that the run cannot go on.
///
/// Whoever was `awake` the last time is looked at first, and noted for the next time.
pub(crate) fn attempt(shared: &Shared, awake: &mut Option<TaskRef>) -> Attempt {
    let (roll, generation) = {
        let mut state = shared.lock();
        if !state.family.none_departs(has_ended) {
            return Attempt::Busy;
        }
        (state.family.roll(), state.family.generation())
    };
    let still = awake.take().filter(|task| roll.contains(task) && !task.exiting);
    if let Some(task) = still.filter(|task| switches_of_sleeper(&roll, *task).is_none()) {
        *awake = Some(task);
        return Attempt::Busy;
    }
    let looks = look(&roll, Look::First).and_then(|first| Ok((first, look(&roll, Look::Second)?)));
    let (first, second) = match looks {
        Ok(looks) => looks,
        Err(task) => {
            *awake = Some(task);
            return Attempt::Busy;
        }
    };
    let state = shared.lock();
    if first.is_empty() || first != second || state.family.generation() != generation {
        return Attempt::Busy;
    }
    judge(&state.family, &roll, first, shared)
}

fn judge(family: &Family, roll: &[TaskRef], sights: Vec<Sight>, shared: &Shared) -> Attempt {
    let mut scene = Scene::new(family, roll, shared);
    let mut stuck = Vec::with_capacity(sights.len());
    for Sight { task, call, .. } in sights {
        match scene.judge(task, &call) {
            Ok(wait) => stuck.push(Stuck { task, wait }),
            Err(doubtful) => return Attempt::Open(doubtful.of(&format!("{}: ", describe(task)))),
        }
    }
    if let Some(doubtful) = influences::from_outside(&mut scene) {
        return Attempt::Open(doubtful);
    }
    Attempt::Deadlock(Proof { stuck, generation: family.generation() })
}

/// The one task that runs while all others wait for what only tasks of the run could do.
///
/// Who else waits, and for what, comes with it.
pub(crate) fn lone_runner(shared: &Shared) -> Option<(TaskRef, Proof)> {
    let mut state = shared.lock();
    if !state.family.none_departs(has_ended) {
        return None;
    }
    let roll = state.family.roll();
    let mut scene = Scene::new(&state.family, &roll, shared);
    let (mut runner, mut stuck) = (None, Vec::new());
    for task in &roll {
        let status = proc::status_of(task.pid, task.tid)?;
        match status.state {
            _ if task.exiting => return None,
            'R' if runner.is_none() => runner = Some(*task),
            'S' => {
                let call = proc::call(task.pid, task.tid)?;
                stuck.push(Stuck { task: *task, wait: scene.judge(*task, &call).ok()? });
            }
            _ => return None,
        }
    }
    let runner = runner?;
    let nothing_new =
        influences::from_outside(&mut scene).is_none() && scene.memory_stays_inside(runner.pid);
    nothing_new.then(|| (runner, Proof { stuck, generation: state.family.generation() }))
}

/// Whether a process that was let go at its end has come to it, and whoever waits for that
/// knows.
fn has_ended(pid: i32) -> bool {
    // A first thread is shown as a zombie before the last of its threads is gone, which the parent
    // is told of.
    let ended =
        proc::status(pid).is_none_or(|one| matches!(one.state, 'Z' | 'X') && one.threads < 2);
    // A parent is woken before the kernel lets go of the lock under which its child becomes a
    // zombie; a look for children of ours takes the same lock.
    if ended {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let _ = waitid(WaitId::All, look);
    }
    ended
}

/// Those of the held tasks that were waiting for the others, each judged by itself.
///
/// That proves nothing as long as somebody else is awake, but tells where they are.
pub(crate) fn asleep(family: &Family, examined: &Examined, shared: &Shared) -> Vec<Stuck> {
    let roll = family.roll();
    let mut scene = Scene::new(family, &roll, shared);
    let held = roll.iter().filter_map(|task| {
        let call = examined.interrupted_call(task.tid)?;
        Some(Stuck { task: *task, wait: scene.judge(*task, &call).ok()? })
    });
    held.collect()
}

/// Sees every task asleep in a system call; else says who is not.
fn look(roll: &[TaskRef], look: Look) -> Result<Vec<Sight>, TaskRef> {
    let mut sights = Vec::with_capacity(roll.len());
    for task in roll {
        if task.exiting {
            ended_before_its_threads(roll, *task).ok_or(*task)?;
        } else {
            sights.push(sight(roll, *task, look).ok_or(*task)?);
        }
    }
    Ok(sights)
}

fn sight(roll: &[TaskRef], task: TaskRef, look: Look) -> Option<Sight> {
    let (switches, call) = match look {
        Look::First => {
            let switches = switches_of_sleeper(roll, task)?;
            (switches, proc::call(task.pid, task.tid)?)
        }
        Look::Second => {
            let call = proc::call(task.pid, task.tid)?;
            (switches_of_sleeper(roll, task)?, call)
        }
    };
    Some(Sight { task, switches, call })
}

fn switches_of_sleeper(roll: &[TaskRef], task: TaskRef) -> Option<(u64, u64)> {
    let status = proc::status_of(task.pid, task.tid)?;
    // A thread that is not on the roll could wake any of the others.
    let complete = roll.iter().filter(|other| other.pid == task.pid).count() == status.threads;
    // A sleeper has given up the processor at least once: else the counters were not read.
    let counted = status.switches.0 > 0;
    let asleep = status.state == 'S' && status.deliverable == 0;
    (asleep && complete && counted).then_some(status.switches)
}

/// A first thread may end before the others of its process. Any other exit is
/// still under way, and may wake somebody.
fn ended_before_its_threads(roll: &[TaskRef], task: TaskRef) -> Option<()> {
    let first = task.pid == task.tid;
    let others = roll.iter().any(|other| other.pid == task.pid && !other.exiting);
    (first && others && proc::state(task.tid) == Some('Z')).then_some(())
}

fn describe(task: TaskRef) -> String {
    let name = proc::name(task.tid);
    if task.pid == task.tid {
        format!("process {} ({name})", task.pid)
    } else {
        format!("thread {} ({name}) of process {}", task.tid, task.pid)
    }
}
