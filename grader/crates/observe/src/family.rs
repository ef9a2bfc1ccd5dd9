//! The processes and threads of one run, kept up to date by events.
//!
//! Pure bookkeeping: the caller says what happened and when. Task numbers are
//! the observer's own; what the program saw may differ in a pid namespace.

mod accounts;
mod questions;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use jail::trace::Usage;
use observation::{Exit, Process, ProcessId, Thread, ThreadId};

/// All tasks of a run, living and dead.
#[derive(Debug, Default)]
pub(crate) struct Family {
    tasks: BTreeMap<i32, Task>,
    /// Processes that were let go at their end, and may not have come to it yet.
    departing: BTreeSet<i32>,
    processes: Vec<Member>,
    threads: Vec<Thread>,
    alive_processes: u32,
    alive_threads: u32,
    began: u64,
    generation: u64,
    /// The largest number of processes alive at once.
    pub(crate) peak_processes: u32,
    /// The largest number of threads alive at once, first threads included.
    pub(crate) peak_threads: u32,
}

/// A task that has not been reaped by the observer.
#[derive(Clone, Copy, Debug)]
struct Task {
    process: usize,
    /// Absent for the first thread of a process.
    thread: Option<usize>,
    exiting: bool,
}

#[derive(Debug)]
struct Member {
    pid: i32,
    fate: Fate,
    /// Whether we have sent it the signal that ends it.
    doomed: bool,
    facts: Process,
    /// Times that those of its tasks which ended gave up the processor, and had to.
    switches: (u64, u64),
    /// Known once it has ended.
    usage: Option<Used>,
}

/// What a process used.
#[derive(Clone, Copy, Debug)]
enum Used {
    /// By itself.
    Itself(Usage),
    /// Together with the children that it reaped, as the kernel adds it up.
    WithChildren(Usage),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Lives,
    /// All of its threads are on their way out.
    Exits,
    Ended,
}

/// A living task, as a roll call lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TaskRef {
    /// Its process.
    pub(crate) pid: i32,
    /// Itself.
    pub(crate) tid: i32,
    /// Whether it has been seen to begin its exit.
    pub(crate) exiting: bool,
}

/// What a look at `/proc` says of a child at the moment its parent ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChildState {
    /// It is there, unreaped.
    Zombie,
    /// It is there and runs or sleeps.
    Alive,
    /// It is not there any more.
    Gone,
}

impl Family {
    /// Records the first process.
    pub(crate) fn begin(&mut self, pid: i32, seen_as: i32) {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        self.began = since_1970.unwrap_or_default().as_secs();
        self.add_process(pid, seen_as, None, Duration::ZERO);
    }

    /// Records a process forked by the process `parent`.
    pub(crate) fn forked(&mut self, pid: i32, seen_as: i32, parent: i32, at: Duration) {
        let parent = self.living(parent).map(|index| self.processes[index].facts.id);
        self.add_process(pid, seen_as, parent, at);
    }

    /// Records a thread started in the process `pid`.
    pub(crate) fn started(&mut self, tid: i32, seen_as: i32, pid: i32, at: Duration) {
        let Some(process) = self.living(pid) else { return };
        let number = u32::try_from(self.threads.len()).unwrap_or(u32::MAX);
        self.threads.push(Thread {
            id: ThreadId(number.saturating_add(1)),
            tid: seen_as,
            process: self.processes[process].facts.id,
            name: String::new(),
            started: at,
            ended: None,
        });
        let thread = Some(self.threads.len() - 1);
        self.add_task(tid, Task { process, thread, exiting: false });
    }

    /// Records that the process `pid` executes `program`: its other threads are gone.
    pub(crate) fn executed(&mut self, pid: i32, program: PathBuf, at: Duration) {
        let Some(process) = self.living(pid) else { return };
        self.processes[process].facts.executed.push(program);
        let others: Vec<_> = self.tids(process).filter(|tid| *tid != pid).collect();
        for tid in others {
            self.end_thread(tid, at);
        }
        if let Some(task) = self.tasks.get_mut(&pid)
            && std::mem::replace(&mut task.exiting, false)
        {
            self.alive_threads += 1;
        }
        self.generation += 1;
    }

    /// Records that a task begins to exit under the name `name`. True if it is the
    /// last of its process to do so.
    ///
    /// That is its end: whoever waits for it is woken later, so what one task starts
    /// after another's end never seems to overlap with it.
    pub(crate) fn exiting(&mut self, tid: i32, name: &str, at: Duration) -> bool {
        let Some(task) = self.tasks.get_mut(&tid) else { return false };
        if !std::mem::replace(&mut task.exiting, true) {
            self.alive_threads -= 1;
        }
        let Task { process, thread, .. } = *task;
        self.generation += 1;
        let noted = match thread {
            Some(thread) => {
                self.threads[thread].ended = Some(at);
                &mut self.threads[thread].name
            }
            None => &mut self.processes[process].facts.name,
        };
        if !name.is_empty() {
            name.clone_into(noted);
        }
        let mut all = self.tasks.values().filter(|task| task.process == process);
        let last = all.all(|task| task.exiting);
        let member = &mut self.processes[process];
        if last && member.fate == Fate::Lives {
            member.fate = Fate::Exits;
            member.facts.ended = Some(at);
            self.alive_processes -= 1;
        }
        last
    }

    /// Records how often a task that begins to exit gave up the processor, and had to.
    pub(crate) fn switched(&mut self, tid: i32, (given, taken): (u64, u64)) {
        let Some(task) = self.tasks.get(&tid) else { return };
        let switches = &mut self.processes[task.process].switches;
        *switches = (switches.0 + given, switches.1 + taken);
    }

    /// Records that a process of which nothing is left but its exit is no longer observed,
    /// how it ends and what it used itself. What its tasks told about switches is added.
    pub(crate) fn let_go(&mut self, pid: i32, exit: Exit, usage: Usage, at: Duration) {
        let Some(process) = self.living(pid) else { return };
        let (given, taken) = self.processes[process].switches;
        let usage = Usage {
            voluntary_switches: usage.voluntary_switches + given,
            involuntary_switches: usage.involuntary_switches + taken,
            ..usage
        };
        self.over(pid, exit, Some(Used::Itself(usage)), at);
        self.departing.insert(pid);
    }

    /// Forgets those that were let go and have come to their end. True if there are none.
    pub(crate) fn none_departs(&mut self, has_ended: impl Fn(i32) -> bool) -> bool {
        let tasks = &self.tasks;
        self.departing.retain(|pid| !tasks.contains_key(pid) && !has_ended(*pid));
        self.departing.is_empty()
    }

    /// Settles the children of `pid`, which can reap no more from now on. Those that it leaves
    /// unreaped, and that have been let go.
    pub(crate) fn leave_children(
        &mut self,
        pid: i32,
        look: impl Fn(i32) -> ChildState,
    ) -> Vec<i32> {
        let mut left = Vec::new();
        let Some(parent) = self.living(pid).map(|index| self.processes[index].facts.id) else {
            return left;
        };
        for index in 0..self.processes.len() {
            let child = &self.processes[index];
            let settled = child.facts.reaped.is_some() || child.facts.orphan;
            if child.facts.parent != Some(parent) || settled {
                continue;
            }
            let seen = look(child.pid);
            // Its number has come back: only what was reaped leaves its number to others.
            let replaced = seen != ChildState::Gone
                && self.processes[index + 1..].iter().any(|later| later.pid == child.pid);
            let child = &mut self.processes[index];
            match (child.fate, seen) {
                (Fate::Lives, ChildState::Alive) => child.facts.orphan = true,
                (Fate::Lives, ChildState::Gone) => {}
                (Fate::Ended, ChildState::Gone) => child.facts.reaped = Some(true),
                _ => {
                    child.facts.reaped = Some(replaced);
                    let let_go = child.fate == Fate::Ended && !replaced;
                    left.extend(let_go.then_some(child.pid));
                }
            }
        }
        left
    }

    /// Marks every process that still lives as having outlived the run.
    pub(crate) fn outlive_run(&mut self) {
        for member in self.processes.iter_mut().skip(1).filter(|one| one.fate == Fate::Lives) {
            member.facts.orphan = true;
        }
    }

    /// Records that some task is about to get a signal, and so may do anything.
    pub(crate) fn signalled(&mut self) {
        self.generation += 1;
    }

    /// Records that we are about to kill a process, which so does not end by itself.
    pub(crate) fn doom(&mut self, pid: i32) {
        if let Some(process) = self.living(pid) {
            self.processes[process].doomed = true;
        }
    }

    /// Records the end of a task. For the end of a process, `exit` and `usage` say how.
    pub(crate) fn ended(&mut self, tid: i32, exit: Exit, usage: Usage, at: Duration) {
        self.over(tid, exit, Some(Used::WithChildren(usage)), at);
    }

    fn over(&mut self, tid: i32, exit: Exit, usage: Option<Used>, at: Duration) {
        match self.tasks.get(&tid) {
            Some(Task { thread: None, process, .. }) => {
                let process = *process;
                let rest: Vec<_> = self.tids(process).filter(|other| *other != tid).collect();
                for other in rest {
                    self.end_thread(other, at);
                }
                self.remove_task(tid);
                let member = &mut self.processes[process];
                if member.fate == Fate::Lives {
                    self.alive_processes -= 1;
                }
                member.fate = Fate::Ended;
                member.usage = usage;
                if member.doomed && exit == Exit::Signal(libc::SIGKILL) {
                    member.facts.ended = None;
                } else {
                    member.facts.exit = Some(exit);
                    member.facts.ended.get_or_insert(at);
                }
                self.generation += 1;
            }
            Some(_) => self.end_thread(tid, at),
            None => {}
        }
    }

    /// Records that a process is gone, and that nobody saw how.
    pub(crate) fn lost(&mut self, pid: i32, at: Duration) {
        self.over(pid, Exit::Code(0), None, at);
        let gone = self.processes.iter_mut().rev().find(|one| one.pid == pid);
        gone.into_iter().for_each(|one| one.facts.exit = None);
    }

    /// Records the names of those that live: who is killed may end without a word.
    pub(crate) fn note_names(&mut self, name_of: impl Fn(i32) -> String) {
        for (tid, task) in self.tasks.iter().filter(|(_, task)| !task.exiting) {
            let noted = match task.thread {
                Some(thread) => &mut self.threads[thread].name,
                None => &mut self.processes[task.process].facts.name,
            };
            if noted.is_empty() {
                *noted = name_of(*tid);
            }
        }
    }

    fn add_process(&mut self, pid: i32, seen_as: i32, parent: Option<ProcessId>, at: Duration) {
        let number = u32::try_from(self.processes.len()).unwrap_or(u32::MAX);
        let facts = Process {
            id: ProcessId(number.saturating_add(1)),
            pid: seen_as,
            parent,
            name: String::new(),
            executed: Vec::new(),
            started: at,
            ended: None,
            exit: None,
            reaped: None,
            orphan: false,
            resources: None,
        };
        let (switches, usage) = ((0, 0), None);
        let member = Member { pid, fate: Fate::Lives, doomed: false, facts, switches, usage };
        self.processes.push(member);
        let process = self.processes.len() - 1;
        self.alive_processes += 1;
        self.peak_processes = self.peak_processes.max(self.alive_processes);
        self.add_task(pid, Task { process, thread: None, exiting: false });
    }

    fn add_task(&mut self, tid: i32, task: Task) {
        self.tasks.insert(tid, task);
        self.generation += 1;
        self.alive_threads += 1;
        self.peak_threads = self.peak_threads.max(self.alive_threads);
    }

    fn remove_task(&mut self, tid: i32) -> Option<Task> {
        let task = self.tasks.remove(&tid)?;
        if !task.exiting {
            self.alive_threads -= 1;
        }
        Some(task)
    }

    fn end_thread(&mut self, tid: i32, at: Duration) {
        if let Some(Task { thread: Some(thread), .. }) = self.remove_task(tid) {
            self.threads[thread].ended.get_or_insert(at);
            self.generation += 1;
        }
    }

    fn living(&self, pid: i32) -> Option<usize> {
        self.tasks.get(&pid).filter(|task| task.thread.is_none()).map(|task| task.process)
    }

    fn tids(&self, process: usize) -> impl Iterator<Item = i32> + '_ {
        self.tasks.iter().filter(move |(_, task)| task.process == process).map(|(tid, _)| *tid)
    }
}

#[cfg(test)]
mod tests;
