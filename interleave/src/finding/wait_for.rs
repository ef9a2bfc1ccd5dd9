//! Who waits for whom.

use crate::engine::object::ObjectState;
use crate::engine::{MAIN, Place, Run, TaskId, WaitOn};

/// Who waits for whom: the evidence for a deadlock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaitFor {
    /// The blocked threads, in the order of their start.
    pub nodes: Vec<Node>,
    /// One per thing waited for and thread that could give it.
    pub edges: Vec<Edge>,
    /// The nodes of one cycle in order, the first not repeated; empty if there is none.
    pub cycle: Vec<usize>,
}

/// One blocked thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its number in the schedule, from 1.
    pub id: usize,
    /// Its name.
    pub name: String,
    /// What it waits for, in words.
    pub waits_for: String,
    /// Where it waits.
    pub at: Option<SourceLine>,
}

/// `from` can go on only after `to` has acted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The thread that waits.
    pub from: usize,
    /// The thread that holds what is waited for, or would have to act.
    pub to: usize,
    /// What stands between them.
    pub resource: String,
    /// Where `to` took hold of it.
    pub held_since: Option<SourceLine>,
}

/// A line of a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The file as the compiler recorded it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl std::fmt::Display for SourceLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.file.rsplit(['/', '\\']).next().unwrap_or_default();
        write!(f, "{name}:{}", self.line)
    }
}

impl From<Place> for SourceLine {
    fn from(place: Place) -> Self {
        Self { file: place.file().to_owned(), line: place.line() }
    }
}

/// The wait-for graph of a schedule in which nothing can run.
pub(crate) fn wait_for(run: &Run) -> WaitFor {
    let mut graph = WaitFor::default();
    for (task, state) in run.tasks.iter().enumerate().skip(MAIN) {
        let Some(wait) = &state.wait else { continue };
        graph.nodes.push(Node {
            id: task,
            name: run.task_name(task),
            waits_for: waits_for(run, wait.on),
            at: Some(wait.at.into()),
        });
        graph.edges.extend(edges(run, task, wait.on));
    }
    graph.cycle = cycle(&graph.edges);
    graph
}

fn waits_for(run: &Run, on: WaitOn) -> String {
    let name = |object| run.object_origin(object);
    match on {
        WaitOn::Lock(object) => format!("the {}", name(object)),
        WaitOn::Read(object) => format!("reading the {}", name(object)),
        WaitOn::Write(object) => format!("writing the {}", name(object)),
        WaitOn::Notify(object) => {
            format!("a notification of the {}, which nobody is left to give", name(object))
        }
        WaitOn::Barrier(object) => format!("more threads at the {}", name(object)),
        WaitOn::Once(object) => format!("the {} to complete", name(object)),
        WaitOn::Receive(object) => format!("a message in the {}", name(object)),
        WaitOn::Send(object) => format!("room in the {}", name(object)),
        WaitOn::Join(task) => format!("{} to end", run.task_name(task)),
        WaitOn::Scope => "the threads of its scope to end".to_owned(),
        WaitOn::Unpark => "an unpark".to_owned(),
        WaitOn::Sleep => "time to pass".to_owned(),
    }
}

fn edges(run: &Run, from: TaskId, on: WaitOn) -> Vec<Edge> {
    if let WaitOn::Join(to) = on {
        let resource = format!("the end of {}", run.task_name(to));
        return vec![Edge { from, to, resource, held_since: None }];
    }
    let Some(object) = on.object() else { return Vec::new() };
    let ObjectState { holders, .. } = &run.objects[object];
    let edge = |&(to, since): &(TaskId, Place)| Edge {
        from,
        to,
        resource: format!("the {}", run.object_origin(object)),
        held_since: Some(since.into()),
    };
    holders.iter().map(edge).collect()
}

/// A cycle of edges, if there is one: from each thread along first edges.
fn cycle(edges: &[Edge]) -> Vec<usize> {
    for start in edges.iter().map(|edge| edge.from) {
        let mut path = vec![start];
        let mut last = start;
        while let Some(edge) = edges.iter().find(|edge| edge.from == last) {
            if edge.to == start {
                return path;
            }
            if path.contains(&edge.to) {
                break;
            }
            path.push(edge.to);
            last = edge.to;
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: usize, to: usize) -> Edge {
        Edge { from, to, resource: String::new(), held_since: None }
    }

    #[test]
    fn a_cycle_is_found_behind_a_tail() {
        assert_eq!(cycle(&[edge(1, 2), edge(2, 3), edge(3, 2)]), [2, 3]);
    }

    #[test]
    fn a_chain_is_no_cycle() {
        assert_eq!(cycle(&[edge(1, 2), edge(2, 3)]), Vec::<usize>::new());
    }

    #[test]
    fn waiting_for_oneself_is_a_cycle() {
        assert_eq!(cycle(&[edge(1, 1)]), [1]);
    }
}
