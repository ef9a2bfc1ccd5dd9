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
    /// Whether this is known, and not only likely from what lies on the stack of `to`.
    #[serde(default = "known")]
    pub certain: bool,
}

fn known() -> bool {
    true
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

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.file.file_name().unwrap_or(self.file.as_os_str());
        write!(f, "{}:{}", name.display(), self.line)
    }
}
