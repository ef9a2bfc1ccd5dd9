use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{ProcessId, ThreadId};

/// Who waits for whom: the evidence for a deadlock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitFor {
    /// The blocked tasks, in the order of their birth.
    pub nodes: Vec<Node>,
    /// One per thing waited for and task that could give it.
    pub edges: Vec<Edge>,
    /// The nodes of one cycle in order, the first not repeated; empty if there is none.
    pub cycle: Vec<NodeId>,
}

/// One line per blocked task: `main waits at lib.rs:16 for the Mutex made at lib.rs:13,
/// held by worker-1 since lib.rs:15`; then the cycle, if there is one.
impl fmt::Display for WaitFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for node in &self.nodes {
            write!(f, "{} waits", node.name)?;
            if let Some(place) = &node.at {
                write!(f, " at {place}")?;
            }
            write!(f, " for {}", node.waits_for)?;
            for edge in self.edges.iter().filter(|edge| edge.from == node.id) {
                write!(f, "{}", self.describe(edge))?;
            }
            writeln!(f)?;
        }
        if let Some(first) = self.cycle.first() {
            let round = self.cycle.iter().chain([first]);
            let names: Vec<_> = round.map(|&id| self.name(id)).collect();
            writeln!(f, "in a circle: {}", names.join(" -> "))?;
        }
        Ok(())
    }
}

impl WaitFor {
    /// What an edge adds to the sentence about its task: `, held by worker-1 since lib.rs:15`.
    pub fn describe(&self, edge: &Edge) -> String {
        let name = self.name(edge.to);
        let since = edge.held_since.as_ref().map(|place| format!(" since {place}"));
        let since = since.unwrap_or_default();
        match edge.relation {
            Relation::Holds => format!(", held by {name}{since}"),
            Relation::SeemsToHold => format!(", held by {name}{since}, as its stack shows"),
            Relation::MustEnd => String::new(),
            Relation::CouldAct => format!("; {name} has {}", edge.resource),
        }
    }

    /// Those who wait for each other in a circle in which each surely holds, or is, what
    /// the one before it waits for: whatever others do, none of them goes on.
    pub fn circle(&self) -> Option<Vec<&str>> {
        let certain = |from: NodeId, to: NodeId| {
            let mut edges = self.edges.iter();
            edges.any(|edge| {
                let sure = matches!(edge.relation, Relation::Holds | Relation::MustEnd);
                sure && edge.from == from && edge.to == to
            })
        };
        let next = self.cycle.iter().cycle().skip(1);
        let closed = self.cycle.iter().zip(next).all(|(from, to)| certain(*from, *to));
        let names = self.cycle.iter().map(|id| self.name(*id)).collect();
        (closed && !self.cycle.is_empty()).then_some(names)
    }

    fn name(&self, id: NodeId) -> &str {
        let node = self.nodes.iter().find(|node| node.id == id);
        node.map_or("a task that is gone", |node| &node.name)
    }
}

/// Names a node within one graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub u32);

/// One blocked task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its identity within the graph.
    pub id: NodeId,
    /// How a person calls it: `main`, `worker-1`, `process 3 (main)`.
    pub name: String,
    /// What it waits for, in words: `the Mutex made at lib.rs:13`, `a child to end`.
    pub waits_for: String,
    /// Where it waits, in the student's own file if that is known.
    pub at: Option<Place>,
    /// The process of the observation that it is or belongs to, if it is a real one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<ProcessId>,
    /// The thread of the observation that it is; none for the first of a process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<ThreadId>,
}

/// `from` can go on only after `to` has acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// The task that waits.
    pub from: NodeId,
    /// The task that holds what is waited for, or would have to act.
    pub to: NodeId,
    /// What stands between them: `the Mutex made at lib.rs:13`, `pipe 4711`.
    pub resource: String,
    /// Where `to` took hold of it, if that is known.
    pub held_since: Option<Place>,
    /// How `to` stands to what is waited for.
    #[serde(default)]
    pub relation: Relation,
}

/// How the other task stands to what a task waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// It holds it.
    #[default]
    Holds,
    /// It seems to hold it: a guard lies on its stack.
    SeemsToHold,
    /// Its own end is what is waited for.
    MustEnd,
    /// It has the means to act, which the edge names: `the write end of pipe 4711`.
    CouldAct,
}

/// A line of a source file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file as the compiler recorded it.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// The function, demangled, if it is known.
    pub function: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.file.file_name().unwrap_or(self.file.as_os_str());
        write!(f, "{}:{}", name.display(), self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: u32) -> Option<Place> {
        Some(Place { file: PathBuf::from("src/lib.rs"), line, function: None })
    }

    fn node(id: u32, name: &str, line: u32) -> Node {
        let waits_for = format!("the Mutex made at lib.rs:{}", 10 + id);
        Node {
            id: NodeId(id),
            name: name.to_owned(),
            waits_for,
            at: place(line),
            process: None,
            thread: None,
        }
    }

    fn edge(from: u32, to: u32, line: u32) -> Edge {
        let resource = "a Mutex".to_owned();
        Edge {
            from: NodeId(from),
            to: NodeId(to),
            resource,
            held_since: place(line),
            relation: Relation::Holds,
        }
    }

    #[test]
    fn a_circle_reads_as_who_waits_where_for_what_held_by_whom() {
        let graph = WaitFor {
            nodes: vec![node(0, "main", 16), node(1, "worker-1", 15)],
            edges: vec![edge(0, 1, 14), edge(1, 0, 13)],
            cycle: vec![NodeId(0), NodeId(1)],
        };
        assert_eq!(
            graph.to_string(),
            "main waits at lib.rs:16 for the Mutex made at lib.rs:10, held by worker-1 since lib.rs:14\n\
             worker-1 waits at lib.rs:15 for the Mutex made at lib.rs:11, held by main since lib.rs:13\n\
             in a circle: main -> worker-1 -> main\n"
        );
    }

    #[test]
    fn a_circle_is_certain_only_if_each_of_its_edges_is() {
        let mut graph = WaitFor {
            nodes: vec![node(0, "main", 16), node(1, "worker-1", 15)],
            edges: vec![edge(0, 1, 14), edge(1, 0, 13)],
            cycle: vec![NodeId(0), NodeId(1)],
        };
        assert_eq!(graph.circle(), Some(vec!["main", "worker-1"]));
        graph.edges[1].relation = Relation::SeemsToHold;
        assert_eq!(graph.circle(), None);
        assert_eq!(WaitFor::default().circle(), None);
    }
}
