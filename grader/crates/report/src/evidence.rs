//! What a verdict rests on, in words.

use observation::{Node, NodeId, WaitFor};

use crate::model::{Evidence, Tally, TestResult};
use crate::printable_lines;

/// What was seen in a test, what that rests on, and the hint: printable lines.
pub fn details(test: &TestResult) -> String {
    let mut said: Vec<_> = test.message.clone().into_iter().collect();
    said.extend(test.evidence.iter().flat_map(lines));
    said.extend(test.hint.as_ref().map(|hint| format!("hint: {hint}")));
    printable_lines(&said.join("\n"))
}

/// One line for each piece of evidence, none of them printable yet.
pub(crate) fn lines(evidence: &Evidence) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(Tally { failed, runs }) = evidence.tally {
        lines.push(format!("{failed} of {runs} runs failed"));
    }
    if let Some(graph) = &evidence.wait_for {
        lines.extend(wait_for(graph));
    }
    if let Some(witness) = &evidence.witness {
        lines.push(format!("to see it again: {witness}"));
    }
    if !evidence.pictures.is_empty() {
        lines.push(format!("drawn in: {}", evidence.pictures.join(", ")));
    }
    lines
}

/// One line for each task that waits, and one for the cycle.
fn wait_for(graph: &WaitFor) -> Vec<String> {
    let mut lines: Vec<_> = graph.nodes.iter().map(|node| waits(node, graph)).collect();
    let names: Vec<_> = graph.cycle.iter().map(|id| name(*id, graph)).collect();
    if let Some(first) = names.first() {
        lines.push(format!("the cycle: {} -> {first}", names.join(" -> ")));
    }
    lines
}

fn waits(node: &Node, graph: &WaitFor) -> String {
    let at = node.at.as_ref().map(|at| format!(" (at {at})")).unwrap_or_default();
    let mut line = format!("{}{at} waits for {}", node.name, node.waits_for);
    for edge in graph.edges.iter().filter(|edge| edge.from == node.id) {
        line += &graph.describe(edge);
    }
    line
}

fn name(id: NodeId, graph: &WaitFor) -> &str {
    graph
        .nodes
        .iter()
        .find(|node| node.id == id)
        .map_or("a task that is not listed", |node| &node.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen::crosswise;

    #[test]
    fn a_deadlock_names_who_waits_who_holds_and_the_cycle() {
        let evidence = Evidence { wait_for: Some(crosswise()), ..Evidence::default() };
        assert_eq!(
            lines(&evidence),
            [
                "worker-1 (at lib.rs:13) waits for the Mutex made at lib.rs:4, held by worker-2 since lib.rs:21",
                "worker-2 (at lib.rs:22) waits for the Mutex made at lib.rs:3, held by worker-1 since lib.rs:12",
                "the cycle: worker-1 -> worker-2 -> worker-1",
            ]
        );
    }

    #[test]
    fn runs_and_witness_are_named() {
        let tally = Some(Tally { failed: 3, runs: 200 });
        let evidence =
            Evidence { tally, witness: Some("schedule 0x1f".into()), ..Evidence::default() };
        assert_eq!(lines(&evidence), ["3 of 200 runs failed", "to see it again: schedule 0x1f"]);
    }
}
