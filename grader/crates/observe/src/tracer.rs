//! Follows a tree of processes by ptrace events: births, executed programs, exits.
//!
//! One thread per run attaches, receives every event and lets the task go on.
//! Ordinary system calls are not touched. Should this thread die, the kernel
//! ends every traced process.
//!
//! A process other than the first is let go as soon as nothing but its exit is left: to be told
//! of its end we would have to reap it before its parent could, and a parent that polls the pidfd
//! and then looks with `WNOHANG` would find nothing for a moment. That still happens to the
//! parent of a process whose first thread begins to exit while others have not. Who has no parent
//! left is reaped here: nobody else may be there to do it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};
use std::fs;

use jail::trace::{Status, Usage, Waited, reap, wait_any, wait_for};
use jail::{LaunchError, Pid, Suspended};
use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use observation::Exit;

use crate::Surroundings;
use crate::arch::Registers;
use crate::exam::is_ours;
use crate::family::ChildState;
use crate::hold::Held;
use crate::leftovers::Inventory;
use crate::proc::{self, Stat};
use crate::shared::{Shared, State};

/// How tracing came to its end.
#[derive(Debug)]
pub(crate) enum Traced {
    /// The host does not permit it; nothing has happened yet.
    Refused(Errno, Suspended),
    /// The program could not be executed.
    NotStarted(LaunchError),
    /// Every process has ended.
    Done,
}

/// Runs a suspended program to the end of its last process.
///
/// When the first process ends, all that it leaves running are marked as orphans
/// and killed.
pub(crate) fn trace(suspended: Suspended, shared: &Shared) -> Traced {
    let root = suspended.pid();
    if let Err(refusal) = ptrace::seize(root, options()) {
        shared.set_over();
        return Traced::Refused(refusal, suspended);
    }
    let seen_as = proc::status(root.as_raw()).unwrap_or_default();
    let nested = seen_as.namespaces > 1;
    shared.lock().family.begin(root.as_raw(), if nested { seen_as.inner } else { root.as_raw() });
    let started = suspended.resume();
    let tracer = Tracer {
        shared,
        root: root.as_raw(),
        nested,
        parked: RefCell::default(),
        stepped: RefCell::default(),
        vforking: RefCell::default(),
        adopted: RefCell::default(),
        dying: RefCell::default(),
        followed: RefCell::default(),
        to_examine: Cell::default(),
    };
    while let Ok(waited) = wait_any() {
        if tracer.passes_call(&waited) {
            continue;
        }
        if tracer.requests_exam(&waited) {
            tracer.examine(waited.pid);
        } else if let Some(next) = tracer.note(&waited) {
            tracer.go_on(waited.pid, next);
        }
        if let Some(first) = tracer.to_examine.take() {
            tracer.examine(first);
        }
    }
    shared.set_over();
    match started {
        Ok(_) => Traced::Done,
        Err(error) => Traced::NotStarted(error),
    }
}

fn options() -> Options {
    Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_TRACEEXIT
        | Options::PTRACE_O_EXITKILL
        | Options::PTRACE_O_TRACESYSGOOD
}

/// How a stopped task goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// With this signal, or none if it is 0.
    Run { signal: i32 },
    /// Not before job control says so.
    StayStopped,
    /// It has ended meanwhile.
    Gone,
}

pub(crate) struct Tracer<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) root: i32,
    /// Whether the program sees other numbers than we do.
    pub(crate) nested: bool,
    /// Tasks that stopped before the event that announces their birth.
    parked: RefCell<HashSet<i32>>,
    /// Tasks that we stepped and whose trap has not been seen yet.
    pub(crate) stepped: RefCell<HashSet<i32>>,
    /// Children by vfork that have neither executed a program nor ended: until then
    /// nothing but a kill stops their creators.
    vforking: RefCell<HashSet<i32>>,
    /// Processes that were let go, and whose parent ended without reaping them: who adopts them
    /// may be this process.
    adopted: RefCell<Vec<i32>>,
    /// Threads of the first process that waited when it ended by itself: their stacks can
    /// be read until they are let go.
    pub(crate) dying: RefCell<BTreeMap<i32, Registers>>,
    /// Tasks that stop where their calls begin and end.
    pub(crate) followed: RefCell<HashSet<i32>>,
    /// A task whose stop requests an examination, which is to come next.
    pub(crate) to_examine: Cell<Option<Pid>>,
}

impl Tracer<'_> {
    /// Records what happened. For a task that stopped, says how it is to go on.
    pub(crate) fn note(&self, waited: &Waited) -> Option<Next> {
        let pid = waited.pid;
        match waited.status {
            Status::Exited(code) => self.ended(pid, Exit::Code(code), waited.usage),
            Status::Killed(signal) => self.ended(pid, Exit::Signal(signal), waited.usage),
            Status::Stopped { event: 0, .. } if is_ours(waited, self.nested) => {
                self.go_on_waiting(pid);
                return Some(Next::Run { signal: 0 });
            }
            // What is left of an examination: the task itself never caused it.
            Status::Stopped { signal: libc::SIGTRAP, event: 0 } if self.was_stepped(pid) => {
                return Some(Next::Run { signal: 0 });
            }
            Status::Stopped { signal, event: 0 } => {
                self.go_on_waiting(pid);
                self.shared.lock().family.signalled();
                return Some(Next::Run { signal });
            }
            Status::Stopped { signal, event } => return self.stopped(pid, signal, event),
        }
        None
    }

    fn stopped(&self, pid: Pid, signal: i32, event: i32) -> Option<Next> {
        match event {
            libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE => {
                if let Some(child) = message(pid) {
                    if event == libc::PTRACE_EVENT_VFORK {
                        self.vforking.borrow_mut().insert(child);
                    }
                    self.announced(pid, child, event);
                }
            }
            libc::PTRACE_EVENT_EXEC => self.executed(pid),
            libc::PTRACE_EVENT_EXIT => {
                let next = self.exiting(pid);
                self.adopt_parked();
                self.reap_adopted();
                return next;
            }
            libc::PTRACE_EVENT_STOP if is_job_control(signal) => {
                self.go_on_waiting(pid);
                return Some(Next::StayStopped);
            }
            // The first stop of a newborn may overtake the event that announces it.
            libc::PTRACE_EVENT_STOP if !self.shared.lock().family.knows(pid.as_raw()) => {
                self.parked.borrow_mut().insert(pid.as_raw());
                return None;
            }
            libc::PTRACE_EVENT_STOP => {
                self.go_on_waiting(pid);
            }
            _ => {}
        }
        Some(Next::Run { signal: 0 })
    }

    /// Records a task that `creator` made, and lets it go if it waits for that.
    fn announced(&self, creator: Pid, child: i32, event: i32) {
        {
            let mut state = self.shared.lock();
            let Some(parent) = state.family.process_of(creator.as_raw()) else { return };
            self.shared.note_touched(&mut state, parent);
            if state.family.knows(child) {
                return;
            }
            // A process that clone made is not told from a thread by the event.
            let is_process = event != libc::PTRACE_EVENT_CLONE;
            let status = if is_process && !self.nested { None } else { proc::status(child) };
            let is_thread = !is_process && status.as_ref().is_some_and(|one| one.tgid == parent);
            let seen_as = status.filter(|_| self.nested).map_or(child, |status| status.inner);
            let at = self.shared.now();
            if is_thread {
                state.family.started(child, seen_as, parent, at);
            } else {
                state.family.forked(child, seen_as, parent, at);
            }
            self.keep_bound(&mut state);
        }
        if self.parked.borrow_mut().remove(&child) {
            self.take(Pid::from_raw(child), Next::Run { signal: 0 });
        }
    }

    /// Records processes that stopped first and whose creator was killed before it could
    /// announce them. A thread in their place dies with its process.
    fn adopt_parked(&self) {
        let parked = std::mem::take(&mut *self.parked.borrow_mut());
        for tid in parked {
            let mut state = self.shared.lock();
            let status = proc::status(tid).unwrap_or_default();
            let creator = if status.tgid == tid { status.ppid } else { status.tgid };
            if state.family.knows(creator) {
                self.parked.borrow_mut().insert(tid);
                continue;
            }
            let seen_as = if self.nested { status.inner } else { tid };
            state.family.forked(tid, seen_as, creator, self.shared.now());
            self.keep_bound(&mut state);
            self.take(Pid::from_raw(tid), Next::Run { signal: 0 });
        }
    }

    /// Reaps what has fallen to us: the dead count among the processes that a run may have.
    fn reap_adopted(&self) {
        let falls_to_us_yet = |pid: &i32| match reap(Pid::from_raw(*pid)) {
            Ok(reaped) => reaped.is_none(),
            // Its parent is about to end; or it has fallen to somebody else.
            Err(_) => proc::stat(*pid)
                .is_some_and(|one| self.shared.lock().family.is_about_to_end(one.parent)),
        };
        self.adopted.borrow_mut().retain(falls_to_us_yet);
    }

    fn keep_bound(&self, state: &mut State) {
        if state.family.tasks_alive() > self.shared.processes && !state.ending {
            state.too_many = true;
            state.ending = true;
        }
        if state.ending {
            kill_all_but(state, 0);
        }
    }

    fn executed(&self, pid: Pid) {
        self.vforking.borrow_mut().remove(&pid.as_raw());
        let program = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
        let mut state = self.shared.lock();
        if state.before.is_none() {
            let directory = fs::read_link(format!("/proc/{pid}/cwd")).ok();
            if self.shared.surroundings == Surroundings::Shared {
                state.before = Some(Inventory::take(directory.as_deref()));
            }
        }
        self.shared.executed(&mut state, pid.as_raw(), program);
    }

    fn exiting(&self, pid: Pid) -> Option<Next> {
        let go = Some(Next::Run { signal: 0 });
        let name = proc::name(pid.as_raw());
        let mut state = self.shared.lock();
        let Some(process) = state.family.process_of(pid.as_raw()) else { return go };
        let status = (process != self.root).then(|| proc::status(pid.as_raw())).flatten();
        let status = status.unwrap_or_default();
        state.family.switched(pid.as_raw(), status.switches);
        let last = state.family.exiting(pid.as_raw(), &name, self.shared.now());
        // An exit of the whole process may end the others before they can say their names.
        if !last && pid.as_raw() == process {
            state.family.note_names(proc::name);
        }
        let waited = process == self.root && !state.ending && self.note_waiting(&state, pid);
        if !last {
            return if waited { None } else { go };
        }
        if process == self.root {
            state.stuck_at_end = self.look_back(&state);
        }
        state.spent += proc::cpu_time(process).unwrap_or_default();
        if !state.ending {
            let left = state.family.leave_children(process, |child| child_state(child, process));
            self.adopted.borrow_mut().extend(left);
        }
        self.shared.note_touched(&mut state, process);
        if process == self.root {
            state.root_memory = proc::status(process).unwrap_or_default().peak_memory;
            self.root_ends(&mut state);
        } else if pid.as_raw() == process && state.family.has_parent(process) && !state.ending {
            return self.let_go(&mut state, pid, status.peak_memory);
        }
        go
    }

    /// Lets go of a process other than the first that stands before its exit, with nothing of
    /// it left but the thread that exits. None if that could be done.
    fn let_go(&self, state: &mut State, pid: Pid, peak_memory: u64) -> Option<Next> {
        let (Some(code), Some((user, system))) = (message(pid), proc::cpu_times(pid.as_raw()))
        else {
            return Some(Next::Run { signal: 0 });
        };
        let exit = match Status::of(code) {
            Status::Exited(code) => Exit::Code(code),
            Status::Killed(signal) => Exit::Signal(signal),
            Status::Stopped { .. } => return Some(Next::Run { signal: 0 }),
        };
        let usage = Usage { user, system, peak_memory, ..Usage::default() };
        state.family.let_go(pid.as_raw(), exit, usage, self.shared.now());
        self.forget(pid);
        // If this fails it has been killed, and is reaped here as nobody that is known.
        let _ = ptrace::detach(pid, None);
        None
    }

    fn ended(&self, pid: Pid, exit: Exit, usage: Usage) {
        let mut state = self.shared.lock();
        let at = self.shared.now();
        state.family.ended(pid.as_raw(), exit, usage, at);
        if pid.as_raw() == self.root {
            self.root_ends(&mut state);
        }
        drop(state);
        self.forget(pid);
        self.adopt_parked();
    }

    fn forget(&self, pid: Pid) {
        self.vforking.borrow_mut().remove(&pid.as_raw());
        self.stepped.borrow_mut().remove(&pid.as_raw());
        self.followed.borrow_mut().remove(&pid.as_raw());
    }

    /// Whether every task can be made to stop.
    pub(crate) fn all_can_stop(&self) -> bool {
        self.vforking.borrow().is_empty()
    }

    /// Whether a task stopped for a step of ours: its own breakpoints and signals have
    /// other codes.
    fn was_stepped(&self, pid: Pid) -> bool {
        const TRAP_BRKPT: i32 = 1;
        const TRAP_TRACE: i32 = 2;
        let information = ptrace::getsiginfo(pid);
        let trap = information.is_ok_and(|one| matches!(one.si_code, TRAP_BRKPT | TRAP_TRACE));
        trap && self.stepped.borrow_mut().remove(&pid.as_raw())
    }

    /// Lets a held task execute one instruction, which must not be one that can block.
    ///
    /// If it stops for something else than that, nothing is lost: what happened is
    /// recorded, `held` says how the task is to go on, and its registers are its own again
    /// once the caller has put them back.
    pub(crate) fn step(&self, pid: Pid, held: &mut Held) -> Option<()> {
        self.stepped.borrow_mut().insert(pid.as_raw());
        ptrace::step(pid, None).ok()?;
        let waited = wait_for(pid).ok()?;
        let trapped = waited.status == Status::Stopped { signal: libc::SIGTRAP, event: 0 };
        if trapped && self.was_stepped(pid) {
            return Some(());
        }
        *held = match self.note(&waited) {
            Some(next) => Held { next, at_rest: false },
            None => Held { next: Next::Gone, at_rest: false },
        };
        None
    }

    fn root_ends(&self, state: &mut State) {
        if !state.ending {
            state.root_ended = Some(self.shared.now());
            state.family.outlive_run();
            state.ending = true;
        }
        kill_all_but(state, self.root);
    }
}

pub(crate) fn kill_all_but(state: &mut State, spared: i32) {
    state.family.note_names(proc::name);
    for pid in state.family.running_processes() {
        if pid != spared {
            state.family.doom(pid);
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

/// What comes with an event: a number of a task, or the status of an exit.
pub(crate) fn message(pid: Pid) -> Option<i32> {
    ptrace::getevent(pid).ok().and_then(|message| i32::try_from(message).ok())
}

fn is_job_control(signal: i32) -> bool {
    matches!(signal, libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU)
}

fn child_state(pid: i32, parent: i32) -> ChildState {
    // Most have been reaped, and this is the cheapest way to see it.
    if kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH) {
        return ChildState::Gone;
    }
    match proc::stat(pid).filter(|stat| stat.parent == parent) {
        Some(Stat { state: 'Z' | 'X', .. }) => ChildState::Zombie,
        Some(_) => ChildState::Alive,
        None => ChildState::Gone,
    }
}
