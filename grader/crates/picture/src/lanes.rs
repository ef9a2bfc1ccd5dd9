//! The lanes of a timeline: one per process and thread, children below their parents.

use std::time::Duration;

use observation::{Exit, Observation, Process, ProcessId, Thread, ThreadId};

/// One lane.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lane {
    /// What stands beside it.
    pub(crate) label: String,
    /// How far it is indented.
    pub(crate) depth: usize,
    pub(crate) kind: Kind,
    pub(crate) started: Duration,
    /// None if we had to end it.
    pub(crate) ended: Option<Duration>,
    /// How it ended, in words, if that is worth a word.
    pub(crate) end: Option<End>,
    /// What it waited for when the run was ended, and where.
    pub(crate) waits: Option<String>,
    /// The lane that it was born from.
    pub(crate) parent: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Process,
    Thread,
}

/// An end, and whether it is one to worry about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Good(String),
    Bad(String),
}

/// All lanes, from top to bottom.
pub(crate) fn lanes(seen: &Observation) -> Vec<Lane> {
    let mut lanes = Vec::new();
    for process in seen.processes.iter().filter(|process| process.parent.is_none()) {
        add(seen, process, 0, None, &mut lanes);
    }
    lanes
}

fn add(
    seen: &Observation,
    process: &Process,
    depth: usize,
    parent: Option<usize>,
    lanes: &mut Vec<Lane>,
) {
    let index = lanes.len();
    let ProcessId(number) = process.id;
    lanes.push(Lane {
        label: format!("{number} {}", process.name),
        depth,
        kind: Kind::Process,
        started: process.started,
        ended: process.ended,
        end: end(process),
        waits: waits(seen, process.id, None),
        parent,
    });
    for thread in seen.threads.iter().filter(|thread| thread.process == process.id) {
        lanes.push(Lane {
            label: thread_label(process, thread),
            depth: depth + 1,
            kind: Kind::Thread,
            started: thread.started,
            ended: thread.ended,
            end: None,
            waits: waits(seen, process.id, Some(thread.id)),
            parent: Some(index),
        });
    }
    for child in seen.processes.iter().filter(|child| child.parent == Some(process.id)) {
        add(seen, child, depth + 1, Some(index), lanes);
    }
}

/// A thread without a name of its own carries that of its program.
fn thread_label(process: &Process, thread: &Thread) -> String {
    let ThreadId(number) = thread.id;
    let named = !thread.name.is_empty() && thread.name != process.name;
    if named { thread.name.clone() } else { format!("thread {number}") }
}

fn end(process: &Process) -> Option<End> {
    let how = match process.exit? {
        Exit::Code(0) => None,
        Exit::Code(code) => Some(format!("exit {code}")),
        Exit::Signal(signal) => Some(format!("signal {signal}")),
    };
    match (how, process.reaped) {
        (how, Some(false)) => Some(End::Bad(
            [how.as_deref(), Some("never waited for")]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(", "),
        )),
        (Some(how), _) => Some(End::Bad(how)),
        (None, _) => Some(End::Good("exit 0".to_owned())),
    }
}

fn waits(seen: &Observation, process: ProcessId, thread: Option<ThreadId>) -> Option<String> {
    let mut nodes = seen.wait_for.as_ref()?.nodes.iter();
    let node = nodes.find(|node| node.process == Some(process) && node.thread == thread)?;
    let place = node.at.as_ref().map(|place| format!(" at {place}")).unwrap_or_default();
    Some(format!("waits{place} for {}", node.waits_for))
}
