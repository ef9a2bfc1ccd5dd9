//! Who waits for whom, where, and for what: the evidence of a deadlock for a person.

use std::collections::BTreeMap;

use observation::{Edge, Node, NodeId, ProcessId, ThreadId, WaitFor};

use crate::exam::Examined;
use crate::family::{Family, TaskRef};
use crate::memory;
use crate::primitive::Primitive;
use crate::proc;
use crate::proof::Stuck;
use crate::stacks::{Stack, Unwinder};
use crate::symbols::{Call, Symbols};
use crate::waits::{Lack, Wait};

/// Draws the graph of tasks that are held still.
pub(crate) fn wait_for(family: &Family, examined: &Examined, stuck: &[Stuck]) -> WaitFor {
    let mut sight = Sight::default();
    let mut waiting: Vec<_> = stuck.iter().map(|one| sight.look(family, examined, one)).collect();
    waiting.sort_by_key(|one| (one.process, one.thread));
    let nodes = waiting.iter().enumerate().map(|(index, one)| node(index, one, family)).collect();
    let edges = edges(&waiting, family);
    let cycle = cycle(waiting.len(), &edges);
    WaitFor { nodes, edges, cycle }
}

/// A stuck task with all that is known of it.
struct Waiting<'a> {
    task: TaskRef,
    wait: &'a Wait,
    stack: Stack,
    calls: Vec<Call>,
    primitive: Option<Primitive>,
    name: String,
    process: Option<ProcessId>,
    thread: Option<ThreadId>,
    /// Where the frames of the program itself begin: below are those of the wait.
    own_stack: u64,
}

/// The tables of the processes looked at.
#[derive(Default)]
struct Sight {
    processes: BTreeMap<i32, (Unwinder, Symbols)>,
}

impl Sight {
    fn look<'a>(&mut self, family: &Family, examined: &Examined, stuck: &'a Stuck) -> Waiting<'a> {
        let task = stuck.task;
        let (unwinder, symbols) = self
            .processes
            .entry(task.pid)
            .or_insert_with(|| (Unwinder::new(task.pid), Symbols::new(task.pid)));
        let registers = examined.registers.get(&task.tid);
        let stack = registers.map(|registers| unwinder.unwind(registers)).unwrap_or_default();
        let mut calls = Vec::new();
        let mut own_stack = stack.frames.last().map_or(u64::MAX, |frame| frame.end);
        let mut below = 0;
        for frame in &stack.frames {
            let here = symbols.calls_at(frame.address);
            let own = here.iter().any(Call::is_own);
            calls.extend(here);
            if own {
                own_stack = below;
                break;
            }
            below = frame.end;
        }
        let (process, thread) = family.identity(task.tid);
        let primitive = Primitive::of(&calls);
        let name = proc::name(task.tid);
        Waiting {
            task,
            wait: &stuck.wait,
            stack,
            calls,
            primitive,
            name,
            process,
            thread,
            own_stack,
        }
    }
}

impl Waiting<'_> {
    fn describe(&self, family: &Family) -> String {
        match self.wait {
            Wait::Child { children } => match children.as_slice() {
                [child] => format!("{} to end", process_name(family, *child)),
                _ => "a child to end".to_owned(),
            },
            Wait::Object { name, lack: Lack::Content, .. } => format!("something in {name}"),
            Wait::Object { name, lack: Lack::Room, .. } => format!("room in {name}"),
            Wait::Object { name, lack: Lack::Lock, .. } => name.clone(),
            Wait::Futex { address, .. } => match self.primitive {
                Some(primitive) => primitive.words().to_owned(),
                None => format!("a change of the word at {address:#x}"),
            },
        }
    }
}

fn node(index: usize, waiting: &Waiting<'_>, family: &Family) -> Node {
    Node {
        id: id(index),
        name: task_name(waiting, family),
        waits_for: waiting.describe(family),
        at: waiting.calls.iter().find(|call| call.is_own()).and_then(|call| call.place.clone()),
        process: waiting.process,
        thread: waiting.thread,
    }
}

fn id(index: usize) -> NodeId {
    NodeId(u32::try_from(index + 1).unwrap_or(u32::MAX))
}

fn task_name(waiting: &Waiting<'_>, family: &Family) -> String {
    let own = match waiting.thread {
        None => "main".to_owned(),
        // A thread without a name of its own carries that of its program.
        Some(ThreadId(number)) if waiting.name == proc::name(waiting.task.pid) => {
            format!("thread {number}")
        }
        Some(_) => waiting.name.clone(),
    };
    if family.roll().iter().all(|task| task.pid == waiting.task.pid) {
        own
    } else {
        format!("{} ({own})", process_name(family, waiting.task.pid))
    }
}

fn process_name(family: &Family, pid: i32) -> String {
    match family.identity(pid).0 {
        Some(ProcessId(number)) => format!("process {number}"),
        None => format!("process {pid}"),
    }
}

fn edges(waiting: &[Waiting<'_>], family: &Family) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (from, one) in waiting.iter().enumerate() {
        let (targets, certain) = targets(waiting, from);
        edges.extend(targets.into_iter().map(|to| Edge {
            from: id(from),
            to: id(to),
            resource: one.describe(family),
            held_since: None,
            certain,
        }));
    }
    edges
}

/// Who would have to act before the task at `from` can go on, and whether that is known.
fn targets(waiting: &[Waiting<'_>], from: usize) -> (Vec<usize>, bool) {
    let one = &waiting[from];
    let firsts_of = |processes: &[i32]| {
        let is_first = |other: &Waiting<'_>| other.thread.is_none();
        let all = waiting.iter().enumerate();
        let found = all.filter(|(_, other)| is_first(other) && processes.contains(&other.task.pid));
        found.map(|(index, _)| index).collect::<Vec<_>>()
    };
    match one.wait {
        Wait::Child { children } => (firsts_of(children), true),
        Wait::Object { holders, .. } => (firsts_of(holders), true),
        Wait::Futex { address, sharers } => {
            if let Some(joined) = joined(waiting, from, *address) {
                return (vec![joined], true);
            }
            if sharers.len() > 1 {
                let mut others = firsts_of(sharers);
                others.retain(|other| waiting[*other].task.pid != one.task.pid);
                return (others, false);
            }
            match one.primitive {
                Some(Primitive::Mutex | Primitive::RwLock) => {
                    (holders(waiting, from, *address), false)
                }
                _ => (Vec::new(), false),
            }
        }
    }
}

/// The thread whose end the task at `from` waits for: the word is that thread's number.
fn joined(waiting: &[Waiting<'_>], from: usize, address: u64) -> Option<usize> {
    let one = &waiting[from];
    let word = memory::read(one.task.pid, address, 4)?;
    let number = i32::from_ne_bytes(word.try_into().ok()?);
    let status = |tid| proc::status_of(one.task.pid, tid).map(|status| status.inner);
    waiting.iter().enumerate().find_map(|(index, other)| {
        let sibling = index != from && other.task.pid == one.task.pid && other.thread.is_some();
        (sibling && status(other.task.tid) == Some(number)).then_some(index)
    })
}

/// The tasks that seem to hold the lock at `address`: a guard lies on their stack.
///
/// A guard is a reference to its lock, followed by whether its thread was panicking.
fn holders(waiting: &[Waiting<'_>], from: usize, address: u64) -> Vec<usize> {
    let pid = waiting[from].task.pid;
    let wants = |other: &Waiting<'_>| matches!(other.wait, Wait::Futex { address: wanted, .. } if *wanted == address);
    let has_guard = |other: &Waiting<'_>| {
        let stack = &other.stack;
        stack
            .places_of(address, other.own_stack)
            .any(|at| stack.word(at + 8).is_some_and(|next| next.to_le_bytes()[0] <= 1))
    };
    let mut found: Vec<_> = (0..waiting.len())
        .filter(|index| waiting[*index].task.pid == pid && has_guard(&waiting[*index]))
        .collect();
    let others: Vec<_> = found.iter().copied().filter(|index| !wants(&waiting[*index])).collect();
    if others.is_empty() {
        found.retain(|index| *index == from);
        found
    } else {
        others
    }
}

/// One cycle, the first not repeated; empty if there is none.
fn cycle(count: usize, edges: &[Edge]) -> Vec<NodeId> {
    (0..count)
        .map(id)
        .find_map(|start| path(start, start, edges, &mut Vec::new()))
        .unwrap_or_default()
}

fn path(at: NodeId, goal: NodeId, edges: &[Edge], passed: &mut Vec<NodeId>) -> Option<Vec<NodeId>> {
    if passed.contains(&at) {
        return None;
    }
    passed.push(at);
    for edge in edges.iter().filter(|edge| edge.from == at) {
        if edge.to == goal {
            return Some(vec![at]);
        }
        if let Some(mut rest) = path(edge.to, goal, edges, passed) {
            rest.insert(0, at);
            return Some(rest);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: u32, to: u32) -> Edge {
        Edge {
            from: NodeId(from),
            to: NodeId(to),
            resource: String::new(),
            held_since: None,
            certain: true,
        }
    }

    #[test]
    fn a_cycle_is_found_behind_tasks_that_only_wait_for_it() {
        let edges = [edge(1, 2), edge(2, 3), edge(3, 2)];
        assert_eq!(cycle(3, &edges), [NodeId(2), NodeId(3)]);
    }

    #[test]
    fn a_chain_without_a_cycle_has_none() {
        assert!(cycle(3, &[edge(1, 2), edge(2, 3)]).is_empty());
    }

    #[test]
    fn a_task_may_wait_for_itself() {
        assert_eq!(cycle(1, &[edge(1, 1)]), [NodeId(1)]);
    }
}
