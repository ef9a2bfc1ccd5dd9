//! Who waits for whom, where, and for what: the evidence of a deadlock for a person.

use std::collections::BTreeMap;

use observation::{Edge, Node, NodeId, ProcessId, Relation, ThreadId, WaitFor};

use crate::exam::Examined;
use crate::family::{Family, TaskRef};
use crate::holders::{Holder, Locks};
use crate::memory;
use crate::primitive::Primitive;
use crate::proc;
use crate::proof::Stuck;
use crate::stacks::{Stack, Unwinder};
use crate::symbols::{Call, Library, Symbols};
use crate::waits::{Lack, Wait};

/// Draws the graph of tasks that are held still.
pub(crate) fn wait_for(family: &Family, examined: &Examined, stuck: &[Stuck]) -> WaitFor {
    let mut sight = Sight::default();
    let mut waiting: Vec<_> = stuck.iter().map(|one| sight.look(family, examined, one)).collect();
    waiting.sort_by_key(|one| (one.process, one.thread));
    let names: Vec<_> = waiting.iter().map(|one| task_name(one, family)).collect();
    let locks = Locks::of(&waiting, &mut sight);
    let words = words(&waiting, &locks, family, &names);
    let nodes = waiting.iter().zip(names).zip(&words).enumerate();
    let nodes = nodes.map(|(index, ((one, name), words))| node(index, one, name, words)).collect();
    let edges = edges(&waiting, &locks, &words);
    let cycle = cycle(waiting.len(), &edges);
    WaitFor { nodes, edges, cycle }
}

/// Where the tasks are that are not asleep, in words.
pub(crate) fn running(family: &Family, examined: &Examined) -> Vec<String> {
    let mut sight = Sight::default();
    let awake = family.roll().into_iter().filter(|task| {
        examined.registers.contains_key(&task.tid) && examined.interrupted_call(task.tid).is_none()
    });
    let nothing = Wait::Futex { address: 0, sharers: Vec::new() };
    let words = awake.filter_map(|task| {
        let stuck = Stuck { task, wait: nothing.clone() };
        let seen = sight.look(family, examined, &stuck);
        let place = seen.calls.iter().find(|call| call.is_own())?.place.clone()?;
        Some(format!("{} runs at {place}", task_name(&seen, family)))
    });
    words.take(8).collect()
}

/// A stuck task with all that is known of it.
pub(crate) struct Waiting<'a> {
    pub(crate) task: TaskRef,
    pub(crate) wait: &'a Wait,
    pub(crate) stack: Stack,
    pub(crate) calls: Vec<Call>,
    pub(crate) primitive: Option<Primitive>,
    name: String,
    process: Option<ProcessId>,
    pub(crate) thread: Option<ThreadId>,
    /// Where the frames of the program itself begin: below are those of the wait.
    pub(crate) own_stack: u64,
}

/// The tables of the processes looked at.
#[derive(Default)]
pub(crate) struct Sight {
    processes: BTreeMap<i32, (Unwinder, Symbols)>,
    library: Library,
}

impl Sight {
    /// The symbols of a process that was looked at.
    pub(crate) fn symbols(&mut self, pid: i32) -> Option<&mut Symbols> {
        self.processes.get_mut(&pid).map(|(_, symbols)| symbols)
    }

    fn look<'a>(&mut self, family: &Family, examined: &Examined, stuck: &'a Stuck) -> Waiting<'a> {
        let task = stuck.task;
        let (unwinder, symbols) = self.processes.entry(task.pid).or_insert_with(|| {
            (Unwinder::new(task.pid), Symbols::new(task.pid, self.library.clone()))
        });
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
    fn describe(&self, family: &Family, locks: &Locks, joined: Option<&str>) -> String {
        match self.wait {
            Wait::Child { children } => match children.as_slice() {
                [child] => format!("{} to end", process_name(family, *child)),
                _ => "a child to end".to_owned(),
            },
            Wait::Object { name, lack: Lack::Content, .. } => format!("something in {name}"),
            Wait::Object { name, lack: Lack::Room, .. } => format!("room in {name}"),
            Wait::Object { name, lack: Lack::Lock, .. } => name.clone(),
            Wait::Futex { .. } if joined.is_some() => {
                format!("{} to end", joined.unwrap_or_default())
            }
            Wait::Futex { address, sharers } => match (self.primitive, locks.name_of(self)) {
                (Some(Primitive::Condvar), Some(name)) => {
                    format!("a notification of Condvar {name}")
                }
                (Some(Primitive::Barrier), Some(name)) => format!("the others at Barrier {name}"),
                (Some(primitive), Some(name)) => format!("{} {name}", primitive.noun()),
                (Some(primitive), None) => primitive.words().to_owned(),
                (None, _) if sharers.len() > 1 => {
                    format!("a semaphore or lock in shared memory, at {address:#x}")
                }
                (None, _) => format!("a change of the word at {address:#x}"),
            },
        }
    }

    /// The word that it waits for, if it is one of a lock.
    pub(crate) fn lock(&self) -> Option<u64> {
        match (self.wait, self.primitive) {
            (Wait::Futex { address, .. }, Some(Primitive::Mutex | Primitive::RwLock)) => {
                Some(*address)
            }
            _ => None,
        }
    }
}

/// What each task waits for.
fn words(waiting: &[Waiting<'_>], locks: &Locks, family: &Family, names: &[String]) -> Vec<String> {
    let describe = |(index, one): (usize, &Waiting<'_>)| {
        let joined = match one.wait {
            Wait::Futex { address, .. } => joined(waiting, index, *address),
            Wait::Child { .. } | Wait::Object { .. } => None,
        };
        one.describe(family, locks, joined.map(|index| names[index].as_str()))
    };
    waiting.iter().enumerate().map(describe).collect()
}

fn node(index: usize, waiting: &Waiting<'_>, name: String, waits_for: &str) -> Node {
    Node {
        id: id(index),
        name,
        waits_for: waits_for.to_owned(),
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

fn edges(waiting: &[Waiting<'_>], locks: &Locks, words: &[String]) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (from, words) in words.iter().enumerate() {
        if let Some(holders) = locks.holders(&waiting[from]) {
            edges.extend(holders.iter().map(|holder| held_by(from, holder, words)));
            continue;
        }
        let (targets, relation) = targets(waiting, from);
        edges.extend(targets.into_iter().map(|to| Edge {
            from: id(from),
            to: id(to),
            resource: match relation {
                Relation::CouldAct => means(&waiting[from], waiting[to].task.pid),
                Relation::Holds | Relation::SeemsToHold | Relation::MustEnd => words.clone(),
            },
            held_since: None,
            relation,
        }));
    }
    edges
}

fn held_by(from: usize, holder: &Holder, lock: &str) -> Edge {
    Edge {
        from: id(from),
        to: id(holder.task),
        resource: lock.to_owned(),
        held_since: holder.since.clone(),
        relation: if holder.is_sure { Relation::Holds } else { Relation::SeemsToHold },
    }
}

/// By what the process `pid` could end the wait.
fn means(waiting: &Waiting<'_>, pid: i32) -> String {
    let Wait::Object { name, lack, ends, .. } = waiting.wait else {
        return "the same memory".to_owned();
    };
    let end = match lack {
        Lack::Content if ends.is_empty() => return "the same object".to_owned(),
        Lack::Room if ends.is_empty() => return "the same object".to_owned(),
        Lack::Lock => return "that lock".to_owned(),
        Lack::Content if name.starts_with("pipe") || name.starts_with("FIFO") => "the write end",
        Lack::Room if name.starts_with("pipe") || name.starts_with("FIFO") => "the read end",
        Lack::Content | Lack::Room => "the other end",
    };
    let descriptors = ends.iter().filter(|(holder, _)| *holder == pid);
    let descriptors: Vec<_> = descriptors.map(|(_, number)| number.to_string()).collect();
    format!("{end} of {name} open (descriptor {})", descriptors.join(", "))
}

/// Who would have to act before the task at `from` can go on, and how they stand to it.
fn targets(waiting: &[Waiting<'_>], from: usize) -> (Vec<usize>, Relation) {
    let one = &waiting[from];
    let firsts_of = |processes: &[i32]| {
        let is_first = |other: &Waiting<'_>| other.thread.is_none();
        let all = waiting.iter().enumerate();
        let found = all.filter(|(_, other)| is_first(other) && processes.contains(&other.task.pid));
        found.map(|(index, _)| index).collect::<Vec<_>>()
    };
    match one.wait {
        Wait::Child { children } => (firsts_of(children), Relation::MustEnd),
        Wait::Object { holders, lack: Lack::Lock, .. } => (firsts_of(holders), Relation::Holds),
        Wait::Object { holders, .. } => {
            let mut able = firsts_of(holders);
            // Any thread of the own process could act: another one, if there is any.
            let mates = waiting
                .iter()
                .enumerate()
                .filter(|(index, other)| *index != from && other.task.pid == one.task.pid);
            let mates: Vec<_> = mates.map(|(index, _)| index).collect();
            if holders.contains(&one.task.pid) && !mates.is_empty() {
                able.retain(|index| waiting[*index].task.pid != one.task.pid);
                able.extend(mates);
                able.sort_unstable();
            }
            (able, Relation::CouldAct)
        }
        Wait::Futex { address, sharers } => {
            if let Some(joined) = joined(waiting, from, *address) {
                (vec![joined], Relation::MustEnd)
            } else if sharers.len() > 1 {
                let mut others = firsts_of(sharers);
                others.retain(|other| waiting[*other].task.pid != one.task.pid);
                (others, Relation::CouldAct)
            } else {
                (Vec::new(), Relation::CouldAct)
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
            relation: Relation::Holds,
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
