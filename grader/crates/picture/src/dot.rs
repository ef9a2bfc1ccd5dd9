//! Who waits for whom, for Graphviz.

use std::fmt::Write;

use observation::{Edge, Node, NodeId, Relation, WaitFor};

/// The graph in the language of Graphviz; the edges of the cycle are red.
pub fn dot(graph: &WaitFor) -> String {
    let mut text = "digraph waits {\n  node [shape=box];\n".to_owned();
    for node in &graph.nodes {
        let NodeId(id) = node.id;
        writeln!(text, "  n{id} [label={}];", quoted(&label(node))).expect("a string takes all");
    }
    for edge in &graph.edges {
        let (NodeId(from), NodeId(to)) = (edge.from, edge.to);
        let colour = if in_cycle(graph, edge) { ", color=red" } else { "" };
        let style = if edge.relation == Relation::SeemsToHold { ", style=dashed" } else { "" };
        let resource = quoted(&edge.resource);
        writeln!(text, "  n{from} -> n{to} [label={resource}{colour}{style}];")
            .expect("a string takes all");
    }
    text + "}\n"
}

/// Name and place of a task, on two lines.
pub(crate) fn label(node: &Node) -> String {
    match &node.at {
        Some(place) => format!("{}\n{place}", node.name),
        None => node.name.clone(),
    }
}

/// Whether an edge leads from one node of the cycle to the next.
pub(crate) fn in_cycle(graph: &WaitFor, edge: &Edge) -> bool {
    let next = graph.cycle.iter().cycle().skip(1);
    graph.cycle.iter().zip(next).any(|(from, to)| (edge.from, edge.to) == (*from, *to))
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(quoted("a\"b\\\nc"), r#""a\"b\\\nc""#);
    }
}
