//! The state of one schedule.

use std::any::Any;
use std::sync::Arc;

use shuttle_engine::runtime::execution::ExecutionState;

use super::object::ObjectState;
use super::schedule::{Rules, Schedule};
use super::trace::{Effect, Event};
use super::wait::{Wait, WaitOn, Woken};
use super::weak::{Knowledge, OLDER};
use super::{DRIVER, Kind, MAIN, ObjectId, Place, TaskId};
use crate::io::StreamLock;

/// Bytes that a schedule may print.
pub(crate) const OUTPUT_LIMIT: usize = 1 << 20;

/// How often timers of one thread may fire early in a schedule: otherwise whoever tries again
/// and again would run out of tries.
const EARLY: u32 = 5;

/// What is known of one schedule while it runs and when it has ended.
pub(crate) struct Run {
    /// Numbers schedules over the whole process, from 1.
    pub(crate) epoch: u64,
    pub(crate) current: TaskId,
    pub(crate) tasks: Vec<TaskState>,
    pub(crate) objects: Vec<ObjectState>,
    /// The step at which something last happened that a livelock does not do: a thread started
    /// or ended, a message was sent or taken, something was printed, an object was used first.
    pub(crate) progress: usize,
    /// The step at which something last happened that another thread could wait for.
    pub(crate) changed: usize,
    /// Looks at the clock since then.
    pub(crate) looks: u32,
    /// Whether the thread that runs was the only one that could.
    pub(crate) alone: bool,
    /// Steps since a timer last fired, as long as some thread waits for one.
    pub(crate) since_timer: usize,
    /// Waiting threads that the scheduler may let go on without anyone's doing.
    pub(crate) soft: usize,
    /// Virtual nanoseconds. Not 0 at first: programs subtract from the present.
    pub(crate) now: u64,
    pub(crate) output: String,
    /// Standard output and standard error, once they were locked by hand.
    pub(crate) streams: [Option<StreamLock>; 2],
    pub(crate) panics: Vec<PanicRecord>,
    pub(crate) schedule: Schedule,
    /// How many of the steps had more than one thread to choose from.
    pub(crate) choices: usize,
    /// The product of the numbers of possibilities of all choices: for a schedule chosen
    /// uniformly at each step, an estimate of how many schedules there are.
    pub(crate) width: f64,
    /// Consecutive steps of the current thread while others could have run.
    pub(crate) streak: usize,
    pub(crate) end: Option<End>,
    /// Where the last operation was.
    pub(crate) last_at: Option<Place>,
    /// Steps since the end, of threads that nobody waited for.
    pub(crate) afterlife: usize,
    pub(crate) uses: Uses,
    /// Labels that [`crate::reachable`] named, and whether they held.
    pub(crate) reached: Vec<(String, bool)>,
    pub(crate) spurious_left: u32,
    /// How many stores there were to atomics, and how often a load may still give an older
    /// value, under the rules that let it.
    pub(crate) stores: u64,
    pub(crate) older_left: u32,
    /// Whether waiting writers keep new readers out; decided when it first matters.
    pub(crate) writers_first: Option<bool>,
    /// How many possibilities the pick under way has.
    pub(crate) pick_among: usize,
    /// The events of the schedule, if they are wanted.
    pub(crate) events: Option<Vec<Event>>,
}

/// One thread.
pub(crate) struct TaskState {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) spawned_at: Option<Place>,
    pub(crate) wait: Option<Wait>,
    pub(crate) woken: Option<Woken>,
    pub(crate) finished: bool,
    pub(crate) panicked: bool,
    /// Panics that are unwinding through it now.
    pub(crate) unwinding: usize,
    pub(crate) joiners: Vec<TaskId>,
    /// Whether someone waits or waited for its end.
    pub(crate) joined: bool,
    /// The token of `park` and `unpark`.
    pub(crate) token: bool,
    /// How often a timer of it may still fire early, under the rules that let it.
    pub(crate) early_left: u32,
    /// What it knows of what was stored in atomics.
    pub(crate) knows: Knowledge,
    /// Thread-local values by key, in the order of their making; none once destroyed.
    pub(crate) locals: Vec<(usize, Option<Box<dyn Any>>)>,
}

/// A panic, at the moment it began.
#[derive(Clone, Debug)]
pub(crate) struct PanicRecord {
    pub(crate) task: TaskId,
    pub(crate) message: String,
    pub(crate) at: Option<(String, u32)>,
}

/// Why a schedule ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The body returned, perhaps an `Err`, whose text this is then.
    Returned(Option<String>),
    /// The body panicked.
    Panicked(String),
    /// Nothing can run.
    Deadlock,
    /// More steps than allowed.
    TooLong,
    /// It printed more than it may.
    Flood,
    /// It left the model: what, and where.
    Escape(String),
}

/// What the program was seen to use, which decides what is worth exploring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    /// Operations that may fail, or waits that may end, without a cause.
    pub(crate) spurious: bool,
    /// Timers.
    pub(crate) timers: bool,
    /// Operations that look at a lock or a thread without waiting for it.
    pub(crate) tries: bool,
    /// Loads of atomics that may give an older value.
    pub(crate) weak: bool,
}

impl Run {
    pub(crate) fn new(epoch: u64, rules: Rules) -> Self {
        Self {
            epoch,
            current: DRIVER,
            tasks: vec![TaskState::new(Some("explorer".into()), None)],
            objects: Vec::new(),
            progress: 0,
            changed: 0,
            looks: 0,
            alone: false,
            since_timer: 0,
            soft: 0,
            now: 86_400_000_000_000,
            output: String::new(),
            streams: [None; 2],
            panics: Vec::new(),
            schedule: Schedule { rules, ..Schedule::default() },
            choices: 0,
            width: 1.0,
            streak: 0,
            end: None,
            last_at: None,
            afterlife: 0,
            uses: Uses::default(),
            reached: Vec::new(),
            spurious_left: 3,
            stores: 0,
            older_left: OLDER,
            writers_first: None,
            pick_among: 1,
            events: None,
        }
    }

    pub(crate) fn rules(&self) -> Rules {
        self.schedule.rules
    }

    pub(crate) fn me(&mut self) -> &mut TaskState {
        &mut self.tasks[self.current]
    }

    /// Notes that the program gets on.
    pub(crate) fn gets_on(&mut self) {
        self.progress = self.schedule.tasks.len();
        self.changes();
    }

    /// Whether a scheduling point may switch now.
    pub(crate) fn may_switch(&self) -> bool {
        self.current != DRIVER && self.tasks[self.current].unwinding == 0 && !self.stopped()
    }

    /// Whether the schedule was broken off: no thread of it runs any more.
    pub(crate) fn stopped(&self) -> bool {
        !matches!(self.end, None | Some(End::Returned(_) | End::Panicked(_)))
    }

    /// Whether there is another thread than the one that runs or is to run.
    pub(crate) fn has_others(&self) -> bool {
        self.tasks[MAIN..].iter().filter(|task| !task.finished).nth(1).is_some()
    }

    /// Whether only the explorer is left.
    pub(crate) fn all_finished(&self) -> bool {
        self.tasks[MAIN..].iter().all(|task| task.finished)
    }

    /// Notes an operation of the running thread.
    pub(crate) fn step(&mut self, at: Place, describe: impl FnOnce(&Self) -> String) {
        self.last_at = Some(at);
        self.record(at, describe);
    }

    /// Notes an event that is no operation of its own, such as a lock that was granted.
    pub(crate) fn record(&mut self, at: Place, describe: impl FnOnce(&Self) -> String) {
        if self.events.is_none() || self.end.is_some() {
            return;
        }
        let text = describe(self);
        let task = self.current;
        if let Some(events) = &mut self.events {
            events.push(Event { task, at: Some(at), text, effect: None });
        }
    }

    /// Notes that the operation which was just noted cannot be done yet.
    pub(crate) fn record_instead(&mut self, at: Place, describe: impl FnOnce(&Self) -> String) {
        let current = self.current;
        let attempt =
            self.events.as_mut().filter(|_| self.end.is_none()).and_then(|events| {
                events.pop_if(|last| last.task == current && last.at == Some(at))
            });
        drop(attempt);
        self.record(at, describe);
    }

    /// Adds to the text of the running thread's last event.
    pub(crate) fn complete(&mut self, result: impl FnOnce() -> String) {
        let current = self.current;
        let last = self.events.as_mut().filter(|_| self.end.is_none()).and_then(|e| e.last_mut());
        if let Some(event) = last.filter(|event| event.task == current) {
            event.text.push_str(&result());
        }
    }

    /// Notes a panic of the running thread.
    pub(crate) fn panicked(&mut self, panic: PanicRecord) {
        if let Some(events) = self.events.as_mut().filter(|_| self.end.is_none()) {
            let line = panic.at.as_ref().map(|(_, line)| format!("{line:>3} ")).unwrap_or_default();
            let message = panic.message.lines().next().unwrap_or_default();
            let text = format!("{line}panics: {message}");
            events.push(Event { task: panic.task, at: None, text, effect: None });
        }
        self.panics.push(panic);
    }

    /// Says what the running thread's last event means for `object`.
    pub(crate) fn effect(&mut self, effect: Effect, object: ObjectId) {
        let last = self.events.as_mut().and_then(|events| events.last_mut());
        if let Some(event) = last.filter(|event| event.task == self.current) {
            event.effect = Some((effect, object));
        }
    }

    /// Makes `task` leave its wait, because of `woken`.
    pub(crate) fn wake(&mut self, task: TaskId, woken: Woken) {
        let Some(wait) = self.tasks[task].wait.take() else { return };
        self.tasks[task].woken = Some(woken);
        self.changes();
        if wait.soft {
            self.soft -= 1;
        } else {
            enable(task);
        }
    }

    /// Lets a waiting thread look again, without ending its wait.
    pub(crate) fn enable_waiters(&mut self, object: ObjectId) {
        for &task in &self.objects[object].waiters {
            enable(task);
        }
    }

    /// Keeps the other waiting threads whose wait is `blocked` from looking again.
    pub(crate) fn disable_waiters_but_me(
        &mut self,
        object: ObjectId,
        blocked: impl Fn(&WaitOn) -> bool,
    ) {
        for &task in &self.objects[object].waiters {
            let waits = self.tasks[task].wait.as_ref().is_some_and(|wait| blocked(&wait.on));
            if waits && task != self.current {
                ExecutionState::with(|state| state.get_mut(task.into()).block(false));
            }
        }
    }

    /// How a person calls the thread.
    pub(crate) fn task_name(&self, task: TaskId) -> String {
        match (&self.tasks[task].name, task) {
            (_, MAIN) => "main".to_owned(),
            (Some(name), _) => name.to_string(),
            (None, _) => format!("thread-{}", task - MAIN),
        }
    }

    /// How a person calls the object: `Mutex A`.
    pub(crate) fn object_name(&self, object: ObjectId) -> String {
        match self.objects[object].kind {
            Kind::Stream(name) => name.to_owned(),
            kind => format!("{} {}", kind.name(), letters(object)),
        }
    }

    /// The same and where it comes from: `Mutex A made at queue.rs:13`.
    pub(crate) fn object_origin(&self, object: ObjectId) -> String {
        let ObjectState { kind, made_at, first_taken, .. } = &self.objects[object];
        let name = self.object_name(object);
        match first_taken {
            _ if matches!(kind, Kind::Stream(_)) => name,
            // Made by code of std, such as `Arc::default`: the place says nothing.
            Some(taken) if made_at.file().starts_with("/rustc/") => {
                format!("{name} first taken at {}", short(taken))
            }
            _ => format!("{name} made at {}", short(made_at)),
        }
    }

    /// Makes the running thread a holder of the object.
    pub(crate) fn hold(&mut self, object: ObjectId, at: Place, exclusive: bool) {
        let me = self.current;
        let state = &mut self.objects[object];
        state.holders.push((me, at));
        state.exclusive = exclusive;
        state.first_taken.get_or_insert(at);
        self.effect(Effect::Takes, object);
    }
}

/// A, B, ... Z, A1, B1, ...
fn letters(number: usize) -> String {
    let letter = char::from(b'A' + (number % 26) as u8);
    match number / 26 {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    }
}

impl TaskState {
    pub(crate) fn new(name: Option<Arc<str>>, spawned_at: Option<Place>) -> Self {
        Self {
            name,
            spawned_at,
            wait: None,
            woken: None,
            finished: false,
            panicked: false,
            unwinding: 0,
            joiners: Vec::new(),
            joined: false,
            token: false,
            early_left: EARLY,
            knows: Knowledge::default(),
            locals: Vec::new(),
        }
    }
}

/// A thread that was broken off still has frames on its stack, which refer to its
/// thread-local values: those are leaked with it.
impl Drop for TaskState {
    fn drop(&mut self) {
        if !self.finished {
            std::mem::forget(std::mem::take(&mut self.locals));
        }
    }
}

fn enable(task: TaskId) {
    ExecutionState::with(|state| state.get_mut(task.into()).unblock());
}

/// `queue.rs:13`.
pub(crate) fn short(place: Place) -> String {
    let file = place.file().rsplit(['/', '\\']).next().unwrap_or_default();
    format!("{file}:{}", place.line())
}
