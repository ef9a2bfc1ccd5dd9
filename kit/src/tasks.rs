//! Processes and threads of a run, as the operating system saw them.

use std::time::Duration;

use observation::{Exit, Process, Thread};

use crate::{Checked, Finding};

/// Processes of a run, in the order of their birth.
///
/// All views but [`nth`](Self::nth) are independent of that order. Pids are those that
/// the program itself sees and prints.
#[derive(Clone, Debug)]
pub struct Processes<'a> {
    all: &'a [Process],
    chosen: Vec<&'a Process>,
}

impl<'a> Processes<'a> {
    pub(crate) fn of(all: &'a [Process]) -> Self {
        Self { all, chosen: all.iter().collect() }
    }

    /// Those that the program created: all but the program itself.
    #[must_use]
    pub fn created(&self) -> Self {
        self.filter(|process| process.parent.is_some())
    }

    /// Those whose last command name is `name`.
    #[must_use]
    pub fn named(&self, name: &str) -> Self {
        self.filter(|process| process.name == name)
    }

    /// Those that executed a program whose file is called `name`.
    #[must_use]
    pub fn executing(&self, name: &str) -> Self {
        let is_it = |path: &std::path::PathBuf| path.file_name().is_some_and(|file| file == name);
        self.filter(|process| process.executed.iter().any(is_it))
    }

    /// Those forked by the process `pid`.
    #[must_use]
    pub fn children_of(&self, pid: i32) -> Self {
        let parents: Vec<_> = self.all.iter().filter(|one| one.pid == pid).collect();
        self.filter(|process| parents.iter().any(|parent| process.parent == Some(parent.id)))
    }

    /// Those for which `keep` holds.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&Process) -> bool) -> Self {
        let chosen = self.chosen.iter().copied().filter(|one| keep(one)).collect();
        Self { all: self.all, chosen }
    }

    /// The processes themselves.
    pub fn iter(&self) -> impl Iterator<Item = &'a Process> + '_ {
        self.chosen.iter().copied()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.chosen.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// The one born after `earlier` others of these; a finding if there are not so many.
    pub fn nth(&self, earlier: usize) -> Checked<&'a Process> {
        let count = self.len();
        self.chosen.get(earlier).copied().ok_or_else(|| {
            Finding::wrong(format!("expected at least {} such processes, saw {count}", earlier + 1))
        })
    }

    /// The process that knew itself as `pid`; a finding if there was none.
    pub fn with_pid(&self, pid: i32) -> Checked<&'a Process> {
        self.chosen.iter().copied().find(|one| one.pid == pid).ok_or_else(|| {
            Finding::wrong(format!("no process of the run had the pid {pid}")).seeing(self.list())
        })
    }

    /// The pid of the parent of the process `pid`; a finding if the run has no such parent.
    pub fn parent_of(&self, pid: i32) -> Checked<i32> {
        let child = self.with_pid(pid)?;
        let parent = self.all.iter().find(|one| Some(one.id) == child.parent);
        parent.map(|parent| parent.pid).ok_or_else(|| {
            Finding::wrong(format!("process {pid} was created by no process of the run"))
        })
    }

    /// How each ended, sorted: exit codes first. Those that had to be ended are missing.
    pub fn exits(&self) -> Vec<Exit> {
        let mut exits: Vec<_> = self.chosen.iter().filter_map(|one| one.exit).collect();
        exits.sort_by_key(|exit| match exit {
            Exit::Code(code) => (0, *code),
            Exit::Signal(signal) => (1, *signal),
        });
        exits
    }

    /// The most of these that were alive at once. A zombie is not alive.
    pub fn peak(&self) -> usize {
        peak(self.chosen.iter().map(|one| (one.started, one.ended)))
    }

    /// Passes if `least` of these were alive at once; fewer is `serialised`.
    pub fn overlap(&self, least: usize) -> Checked {
        serialised(self.peak(), least, "processes", self.list())
    }

    /// One line for each, for a finding.
    pub fn list(&self) -> String {
        self.chosen.iter().map(|one| format!("{}\n", line(one))).collect()
    }
}

/// Threads of a run beyond the first of each process, in the order of their birth.
#[derive(Clone, Debug)]
pub struct Threads<'a> {
    chosen: Vec<&'a Thread>,
}

impl<'a> Threads<'a> {
    pub(crate) fn of(all: &'a [Thread]) -> Self {
        Self { chosen: all.iter().collect() }
    }

    /// Those whose last name is `name`; the system keeps 15 bytes of it.
    #[must_use]
    pub fn named(&self, name: &str) -> Self {
        self.filter(|thread| thread.name == kept(name))
    }

    /// Those of one process.
    #[must_use]
    pub fn of_process(&self, process: &Process) -> Self {
        self.filter(|thread| thread.process == process.id)
    }

    /// Those for which `keep` holds.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&Thread) -> bool) -> Self {
        Self { chosen: self.chosen.iter().copied().filter(|one| keep(one)).collect() }
    }

    /// The threads themselves.
    pub fn iter(&self) -> impl Iterator<Item = &'a Thread> + '_ {
        self.chosen.iter().copied()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.chosen.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// Their names, sorted: a multiset. Each is cut to 15 bytes by the system.
    pub fn names(&self) -> Vec<&'a str> {
        let mut names: Vec<_> = self.chosen.iter().map(|one| one.name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// The most of these that were alive at once.
    pub fn peak(&self) -> usize {
        peak(self.chosen.iter().map(|one| (one.started, one.ended)))
    }

    /// Passes if `least` of these were alive at once; fewer is `serialised`.
    pub fn overlap(&self, least: usize) -> Checked {
        serialised(self.peak(), least, "threads", self.list())
    }

    /// One line for each, for a finding.
    pub fn list(&self) -> String {
        let line = |one: &&Thread| {
            let end = one.ended.map_or("never".to_owned(), ms);
            format!("thread {} {}: from {} to {end}\n", one.id.0, one.name, ms(one.started))
        };
        self.chosen.iter().map(line).collect()
    }
}

/// How a person reads the end of a process.
pub(crate) fn exit_in_words(exit: Option<Exit>) -> String {
    match exit {
        Some(Exit::Code(code)) => format!("exit code {code}"),
        Some(Exit::Signal(signal)) => format!("signal {signal}"),
        None => "ended by the observer".to_owned(),
    }
}

fn line(one: &Process) -> String {
    let end = one.ended.map_or("never".to_owned(), ms);
    let exit = exit_in_words(one.exit);
    let fate = match one.reaped {
        Some(false) => ", never reaped",
        Some(true) | None if one.orphan => ", outlived its parent",
        Some(true) | None => "",
    };
    format!(
        "process {} (pid {}, {}): from {} to {end}, {exit}{fate}",
        one.id.0,
        one.pid,
        one.name,
        ms(one.started)
    )
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// What the system keeps of the name of a thread.
fn kept(name: &str) -> &str {
    let mut end = name.len().min(15);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

/// The most spans that hold one moment; a span without an end never ends.
fn peak(spans: impl Iterator<Item = (Duration, Option<Duration>)>) -> usize {
    let mut changes = Vec::new();
    for (from, to) in spans {
        changes.push((from, 1));
        changes.extend(to.map(|to| (to, -1)));
    }
    // At the same moment ends come first: what only touches does not overlap.
    changes.sort_unstable();
    let (mut inside, mut most) = (0_isize, 0);
    for (_, change) in changes {
        inside += change;
        most = most.max(inside);
    }
    most.unsigned_abs()
}

fn serialised(peak: usize, least: usize, what: &str, list: String) -> Checked {
    let claim = format!("{least} {what} should be alive at once, never more than {peak} were");
    Finding::new(crate::Verdict::Serialised, claim).seeing(list).unless(peak >= least)
}

#[cfg(test)]
mod tests {
    use observation::{ProcessId, ThreadId};

    use super::*;

    fn process(id: u32, parent: u32, from: u64, to: Option<u64>) -> Process {
        Process {
            id: ProcessId(id),
            pid: 100 + id.cast_signed(),
            parent: (parent > 0).then_some(ProcessId(parent)),
            name: "worker".to_owned(),
            executed: vec!["/bin/worker".into()],
            started: Duration::from_millis(from),
            ended: to.map(Duration::from_millis),
            exit: to.map(|_| Exit::Code(id.cast_signed())),
            reaped: None,
            orphan: false,
            resources: None,
        }
    }

    fn family() -> Vec<Process> {
        vec![
            process(1, 0, 0, Some(90)),
            process(2, 1, 10, Some(20)),
            process(3, 1, 20, Some(40)),
            process(4, 3, 30, None),
        ]
    }

    #[test]
    fn processes_are_chosen_by_parent_name_program_and_pid() {
        let all = family();
        let processes = Processes::of(&all);
        assert_eq!(processes.created().len(), 3);
        assert_eq!(processes.children_of(101).len(), 2);
        assert_eq!(processes.parent_of(104).unwrap(), 103);
        assert_eq!(processes.executing("worker").named("worker").len(), 4);
        assert!(processes.executing("bin").is_empty());
        assert_eq!(processes.with_pid(103).unwrap().id, ProcessId(3));
        assert!(processes.with_pid(7).is_err() && processes.parent_of(101).is_err());
        assert!(processes.created().nth(3).is_err());
    }

    #[test]
    fn spans_that_only_touch_do_not_overlap_and_one_without_an_end_goes_on() {
        let all = family();
        assert_eq!(Processes::of(&all[1..3]).peak(), 1);
        assert_eq!(Processes::of(&all).created().peak(), 2);
        let finding = Processes::of(&all).created().overlap(3).unwrap_err();
        assert_eq!(finding.verdict, crate::Verdict::Serialised);
        assert_eq!(finding.claim, "3 processes should be alive at once, never more than 2 were");
        assert!(finding.evidence.contains("process 4 (pid 104, worker): from 30.0 ms to never"));
    }

    #[test]
    fn exits_are_a_multiset_of_those_that_ended_by_themselves() {
        let mut all = family();
        all[1].exit = Some(Exit::Signal(15));
        let exits = Processes::of(&all).created().exits();
        assert_eq!(exits, [Exit::Code(3), Exit::Signal(15)]);
    }

    #[test]
    fn threads_are_found_by_names_longer_than_the_system_keeps() {
        let thread = |id: u32, name: &str| Thread {
            id: ThreadId(id),
            tid: 7,
            process: ProcessId(1),
            name: name.to_owned(),
            started: Duration::ZERO,
            ended: Some(Duration::from_millis(1)),
        };
        let all = [thread(1, "b"), thread(2, "a-name-of-fifte")];
        let threads = Threads::of(&all);
        assert_eq!(threads.named("a-name-of-fifteen-and-more").len(), 1);
        assert_eq!(threads.names(), ["a-name-of-fifte", "b"]);
        assert_eq!(threads.peak(), 2);
    }
}
