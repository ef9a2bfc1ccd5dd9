//! Who lives, who belongs to whom.

use observation::{ProcessId, ThreadId};

use super::{Family, Fate, Member, Task, TaskRef};

impl Family {
    /// When it began, in seconds since 1970, as files record it.
    pub(crate) fn began(&self) -> u64 {
        self.began
    }

    /// The process that all others descend from.
    pub(crate) fn first(&self) -> Option<i32> {
        self.processes.first().map(|first| first.pid)
    }

    /// Whether a task with this number lives.
    pub(crate) fn knows(&self, tid: i32) -> bool {
        self.tasks.contains_key(&tid)
    }

    /// The process of a living task.
    pub(crate) fn process_of(&self, tid: i32) -> Option<i32> {
        Some(self.processes[self.tasks.get(&tid)?.process].pid)
    }

    /// Whether the program itself runs already, and not what prepares it.
    pub(crate) fn has_begun(&self) -> bool {
        self.processes.first().is_some_and(|first| !first.facts.executed.is_empty())
    }

    /// Changes whenever the answer of [`roll`](Self::roll) does, or a signal arrives.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Every task that the observer has not seen to end.
    pub(crate) fn roll(&self) -> Vec<TaskRef> {
        let of = |(tid, task): (&i32, &Task)| TaskRef {
            pid: self.processes[task.process].pid,
            tid: *tid,
            exiting: task.exiting,
        };
        self.tasks.iter().map(of).collect()
    }

    /// The processes that live and have not begun to exit, in the order of their birth.
    pub(crate) fn running_processes(&self) -> Vec<i32> {
        let running = self.processes.iter().filter(|one| one.fate == Fate::Lives);
        running.map(|one| one.pid).collect()
    }

    /// The living process that the program itself knows under the number `seen_as`.
    pub(crate) fn seen(&self, seen_as: i32) -> Option<i32> {
        let mut living = self.processes.iter().filter(|one| one.fate != Fate::Ended);
        living.find(|one| one.facts.pid == seen_as).map(|one| one.pid)
    }

    /// The living processes forked by `pid`.
    pub(crate) fn living_children(&self, pid: i32) -> Vec<i32> {
        let Some(parent) = self.living(pid).map(|index| self.processes[index].facts.id) else {
            return Vec::new();
        };
        let children = self.processes.iter().filter(|one| one.facts.parent == Some(parent));
        children.filter(|one| one.fate != Fate::Ended).map(|one| one.pid).collect()
    }

    /// The threads that live beside this one, in a process that has had children.
    pub(crate) fn threads_of_parent_beside(&self, tid: i32) -> Vec<TaskRef> {
        let Some(process) = self.tasks.get(&tid).map(|task| task.process) else {
            return Vec::new();
        };
        let Member { pid, facts, .. } = &self.processes[process];
        let beside = self
            .tasks
            .iter()
            .filter(|(other, task)| task.process == process && **other != tid && !task.exiting);
        let beside: Vec<_> =
            beside.map(|(tid, _)| TaskRef { pid: *pid, tid: *tid, exiting: false }).collect();
        let is_parent = || self.processes.iter().any(|one| one.facts.parent == Some(facts.id));
        if beside.is_empty() || !is_parent() { Vec::new() } else { beside }
    }

    /// Whether a process has a parent that may still wait for it.
    pub(crate) fn has_parent(&self, pid: i32) -> bool {
        let parent = self.living(pid).and_then(|index| self.processes[index].facts.parent);
        let parent = parent.and_then(|parent| usize::try_from(parent.0 - 1).ok());
        parent.is_some_and(|index| self.processes[index].fate == Fate::Lives)
    }

    /// Whether nothing but its exit is left of a process.
    pub(crate) fn is_about_to_end(&self, pid: i32) -> bool {
        self.is_exiting(pid) || self.departing.contains(&pid)
    }

    /// Whether a living task has begun to exit.
    pub(crate) fn is_exiting(&self, tid: i32) -> bool {
        self.tasks.get(&tid).is_some_and(|task| task.exiting)
    }

    /// The numbers of a living task within the run. A first thread has none of its own.
    pub(crate) fn identity(&self, tid: i32) -> (Option<ProcessId>, Option<ThreadId>) {
        let Some(task) = self.tasks.get(&tid) else { return (None, None) };
        let process = self.processes[task.process].facts.id;
        (Some(process), task.thread.map(|thread| self.threads[thread].id))
    }

    /// The numbers of all processes, as we see them.
    pub(crate) fn pids(&self) -> Vec<i32> {
        self.processes.iter().map(|one| one.pid).collect()
    }

    /// How many tasks live.
    pub(crate) fn tasks_alive(&self) -> u64 {
        self.tasks.len() as u64
    }

    /// The program that a process executes in place of the one it was forked with.
    pub(crate) fn executed_by(&self, pid: i32) -> Option<&str> {
        let facts = &self.processes[self.living(pid)?].facts;
        let executed = facts.parent.and(facts.executed.last())?;
        executed.file_name()?.to_str()
    }

    /// Whether a process still goes on with the memory that its parent had at the fork.
    pub(crate) fn is_a_copy(&self, pid: i32) -> bool {
        let facts = self.living(pid).map(|process| &self.processes[process].facts);
        facts.is_some_and(|facts| facts.parent.is_some() && facts.executed.is_empty())
    }
}
