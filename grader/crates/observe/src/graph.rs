//! Who waits for whom, where, and for what: the evidence of a deadlock for a person.

use std::collections::BTreeMap;

use observation::{Edge, Node, NodeId, ProcessId, Relation, ThreadId, WaitFor};

use crate::channels::Channels;
use crate::exam::Examined;
use crate::family::{Family, TaskRef};
use crate::holders::{Holder, Locks};
use crate::memory;
use crate::phrases;
use crate::primitive::Primitive;
use crate::proc;
use crate::proof::Stuck;
use crate::stacks::{Stack, Unwinder};
use crate::symbols::{Call, Library, Symbols};
use crate::variables::Variables;
use crate::waits::{Lack, Wait};

/// Draws the graph of tasks that are held still.
pub(crate) fn wait_for(family: &Family, examined: &Examined, stuck: &[Stuck]) -> WaitFor {
    let mut sight = Sight::default();
    let mut waiting: Vec<_> = stuck.iter().map(|one| sight.look(family, examined, one)).collect();
    waiting.sort_by_key(|one| (one.process, one.thread));
    let variables = Variables::of(&waiting, &mut sight);
    let locks = Locks::of(&waiting, &variables, &mut sight);
    let channels = Channels::of(&waiting, &variables);
    let scene = Scene { family, waiting: &waiting, variables, locks, channels };
    let words: Vec<_> = (0..waiting.len()).map(|index| scene.awaited(index)).collect();
    let nodes = waiting.iter().zip(&words).enumerate();
    let nodes = nodes.map(|(index, (one, words))| node(index, one, family, words)).collect();
    let edges = edges(&scene, &words);
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
        Some(format!("{} runs at {place}", phrases::task_name(family, seen.task)))
    });
    words.take(8).collect()
}

/// All that is known when the graph is drawn.
pub(crate) struct Scene<'a> {
    pub(crate) family: &'a Family,
    pub(crate) waiting: &'a [Waiting<'a>],
    pub(crate) variables: Variables,
    pub(crate) locks: Locks,
    pub(crate) channels: Channels,
}

/// A stuck task with all that is known of it.
pub(crate) struct Waiting<'a> {
    pub(crate) task: TaskRef,
    pub(crate) wait: &'a Wait,
    pub(crate) stack: Stack,
    pub(crate) calls: Vec<Call>,
    pub(crate) primitive: Option<Primitive>,
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
        Waiting { task, wait: &stuck.wait, stack, calls, primitive, process, thread, own_stack }
    }
}

impl Waiting<'_> {
    /// Whether it waits for something that programs keep in a variable: locks and the like,
    /// channels.
    pub(crate) fn may_have_a_name(&self) -> bool {
        let unnamed =
            matches!(self.primitive, Some(Primitive::Join | Primitive::Scope | Primitive::Park));
        matches!(self.wait, Wait::Futex { .. }) && !unnamed
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

fn node(index: usize, waiting: &Waiting<'_>, family: &Family, waits_for: &str) -> Node {
    Node {
        id: id(index),
        name: phrases::task_name(family, waiting.task),
        waits_for: waits_for.to_owned(),
        at: waiting.calls.iter().find(|call| call.is_own()).and_then(|call| call.place.clone()),
        process: waiting.process,
        thread: waiting.thread,
    }
}

fn id(index: usize) -> NodeId {
    NodeId(u32::try_from(index + 1).unwrap_or(u32::MAX))
}

fn edges(scene: &Scene<'_>, words: &[String]) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (from, (one, words)) in scene.waiting.iter().zip(words).enumerate() {
        if let Some(holders) = scene.locks.holders(one) {
            edges.extend(holders.iter().map(|holder| held_by(from, holder, words)));
        } else if let Some(channel) = scene.channels.find(from) {
            let others = channel.others.iter();
            edges.extend(others.map(|(to, end)| could_act(from, *to, end.clone())));
        } else {
            edges_of(scene, from, one.wait, words, &mut edges);
        }
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

fn could_act(from: usize, to: usize, means: String) -> Edge {
    let (from, to) = (id(from), id(to));
    Edge { from, to, resource: means, held_since: None, relation: Relation::CouldAct }
}

/// An edge to each task that would have to act before the one at `from` can go on.
fn edges_of(scene: &Scene<'_>, from: usize, wait: &Wait, words: &str, edges: &mut Vec<Edge>) {
    let edge = |to: usize, relation| {
        let (from, to) = (id(from), id(to));
        Edge { from, to, resource: words.to_owned(), held_since: None, relation }
    };
    match wait {
        Wait::Child { children } => {
            let targets = scene.firsts_of(children);
            edges.extend(targets.into_iter().map(|to| edge(to, Relation::MustEnd)));
        }
        Wait::Object { holders, lack: Lack::Lock, .. } => {
            let targets = scene.firsts_of(holders);
            edges.extend(targets.into_iter().map(|to| edge(to, Relation::Holds)));
        }
        Wait::Object { lack: Lack::Partner, .. } | Wait::Signal => {}
        Wait::Object { holders, .. } => {
            for to in scene.able(from, holders) {
                let means = phrases::means(wait, scene.waiting[to].task.pid);
                edges.push(could_act(from, to, means));
            }
        }
        Wait::Futex { address, sharers } => {
            let pid = scene.waiting[from].task.pid;
            if let Some(joined) = scene.joined(from, *address) {
                let to = scene.waiting.iter().position(|one| one.task == joined);
                edges.extend(to.map(|to| edge(to, Relation::MustEnd)));
            } else if sharers.len() > 1 {
                let others: Vec<_> = sharers.iter().copied().filter(|one| *one != pid).collect();
                for to in scene.firsts_of(&others) {
                    edges.push(could_act(from, to, "the same memory".to_owned()));
                }
            }
        }
        Wait::Any(waits) => {
            waits.iter().for_each(|wait| edges_of(scene, from, wait, words, edges));
        }
    }
}

impl Scene<'_> {
    /// The first tasks of these processes, by position.
    fn firsts_of(&self, processes: &[i32]) -> Vec<usize> {
        let all = self.waiting.iter().enumerate();
        let found =
            all.filter(|(_, one)| one.thread.is_none() && processes.contains(&one.task.pid));
        found.map(|(index, _)| index).collect()
    }

    /// Who could act for the task at `from` if these processes have the means: of its own
    /// process another thread, if there is any.
    fn able(&self, from: usize, holders: &[i32]) -> Vec<usize> {
        let pid = self.waiting[from].task.pid;
        let mut able = self.firsts_of(holders);
        let all = self.waiting.iter().enumerate();
        let mates = all.filter(|(index, other)| *index != from && other.task.pid == pid);
        let mates: Vec<_> = mates.map(|(index, _)| index).collect();
        if holders.contains(&pid) && !mates.is_empty() {
            able.retain(|index| self.waiting[*index].task.pid != pid);
            able.extend(mates);
            able.sort_unstable();
        }
        able
    }

    /// The thread whose end the task at `from` waits for: the word is that thread's number.
    pub(crate) fn joined(&self, from: usize, address: u64) -> Option<TaskRef> {
        let one = &self.waiting[from];
        // A condition counts, too, and may have come to the number of a thread.
        if !matches!(one.primitive, None | Some(Primitive::Join)) {
            return None;
        }
        let word = memory::read(one.task.pid, address, 4)?;
        let number = i32::from_ne_bytes(word.try_into().ok()?);
        let siblings = self.family.roll().into_iter().filter(|other| {
            other.pid == one.task.pid && other.tid != one.task.tid && other.tid != other.pid
        });
        let inner = |tid| proc::status_of(one.task.pid, tid).map(|status| status.inner);
        siblings.into_iter().find(|other| inner(other.tid) == Some(number))
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
