//! Who waits for whom, as a small picture: the cycle as a ring, the others beside it.
//!
//! Each box says what its task waits for; arrows lead to those who could bring it, one to
//! each. Of these only the arrows of the cycle have words: all others would lie over each
//! other, and the evidence in words has them.

use std::f64::consts::TAU;

use observation::{Edge, NodeId, Relation, WaitFor};

use crate::dot::in_cycle;
use crate::svg::{Drawing, round, shorten};

/// Half the size of a box.
const HALF: (f64, f64) = (98.0, 28.0);
const MARGIN: f64 = 30.0;
/// From one box beside the ring to the next.
const PITCH: f64 = 88.0;
/// How far arrows bend to one side: the first by which one passes all boxes but its own.
const BENDS: [f64; 7] = [34.0, -34.0, 64.0, -64.0, 100.0, -100.0, 150.0];
/// How far an arrow of the ring, and the words on it, stand out of their boxes, beside the margin.
const OVER: f64 = 16.0;
/// From an arrow to a box that it passes.
const CLEAR: f64 = 5.0;
/// Characters of a box, and of the words on an arrow.
const LONGEST: usize = 33;

/// Draws the tasks as boxes and an arrow from each to those it waits for.
pub fn wait_for(graph: &WaitFor) -> String {
    let layout = Layout::of(graph);
    let mut drawing = Drawing::new();
    for edge in arrows(graph) {
        draw_edge(&mut drawing, &layout, graph, edge);
    }
    for node in &graph.nodes {
        let (x, y) = layout.at(node.id);
        drawing.titled(
            "rect",
            &[
                ("x", &round(x - HALF.0)),
                ("y", &round(y - HALF.1)),
                ("width", &(HALF.0 * 2.0)),
                ("height", &(HALF.1 * 2.0)),
                ("rx", &6),
                ("class", &"box"),
            ],
            &format!("{} waits for {}", node.name, node.waits_for),
        );
        let middle = |below: f64, class: &str, text: &str| {
            (x, y + below, class.to_owned(), shorten(text, LONGEST))
        };
        let wants = format!("for {}", node.waits_for);
        let lines = match &node.at {
            Some(place) => vec![
                middle(-11.0, "", &node.name),
                middle(4.0, "dim small", &format!("waits at {place}")),
                middle(18.0, "dim small", &wants),
            ],
            None => vec![
                middle(-4.0, "", &node.name),
                middle(12.0, "dim small", &format!("waits {wants}")),
            ],
        };
        for (x, y, class, line) in lines {
            drawing.text(x, y, &class, "middle", &line);
        }
    }
    drawing.finished(round(layout.size.0), round(layout.size.1), &graph.to_string())
}

/// One arrow from each task to each other that could help it; to itself if nobody else could.
fn arrows(graph: &WaitFor) -> Vec<&Edge> {
    let mut arrows: Vec<&Edge> = Vec::new();
    for edge in &graph.edges {
        let known = arrows.iter().any(|other| (other.from, other.to) == (edge.from, edge.to));
        let others =
            graph.edges.iter().any(|other| other.from == edge.from && other.to != edge.from);
        if !known && (edge.from != edge.to || !others) {
            arrows.push(edge);
        }
    }
    arrows
}

struct Layout {
    places: Vec<(NodeId, (f64, f64))>,
    size: (f64, f64),
}

impl Layout {
    fn of(graph: &WaitFor) -> Self {
        let ring = &graph.cycle;
        let beside = graph.nodes.iter().map(|node| node.id).filter(|id| !ring.contains(id));
        let beside: Vec<_> = beside.collect();
        let radius = if ring.len() < 2 { 0.0 } else { (ring.len() as f64 * 44.0).max(142.0) };
        // Two lie side by side.
        let above = if ring.len() < 3 { 0.0 } else { radius };
        // Arrows of those beside it go round the ring; otherwise only words stand out of it.
        let spare = if beside.is_empty() { 2.0 * OVER } else { PITCH };
        let tall = (beside.len() as f64 * PITCH).max(2.0 * (above + HALF.1) + spare);
        let height = tall + 2.0 * MARGIN;
        let column = if beside.is_empty() { 0.0 } else { 2.0 * HALF.0 + 90.0 };
        let width = if ring.is_empty() {
            2.0 * (HALF.0 + MARGIN) + 80.0
        } else {
            column + 2.0 * (1.5 * radius + HALF.0 + MARGIN) + 60.0
        };
        let centre = (column + MARGIN + HALF.0 + 1.5 * radius, height / 2.0);
        let on_ring = ring.iter().enumerate().map(|(index, id)| {
            let turn = TAU * (index as f64 / ring.len() as f64 + 0.5);
            (*id, (centre.0 + 1.5 * radius * turn.cos(), centre.1 + radius * turn.sin()))
        });
        let top = (height - beside.len() as f64 * PITCH) / 2.0;
        let in_column = beside
            .iter()
            .enumerate()
            .map(|(index, id)| (*id, (MARGIN + HALF.0, top + PITCH * (index as f64 + 0.5))));
        Self { places: on_ring.chain(in_column).collect(), size: (width, height) }
    }

    fn at(&self, id: NodeId) -> (f64, f64) {
        let found = self.places.iter().find(|(other, _)| *other == id);
        found.map_or((0.0, 0.0), |(_, at)| *at)
    }

    /// How far the arrow of `edge` bends.
    fn bend(&self, edge: &Edge) -> f64 {
        let (from, to) = (self.at(edge.from), self.at(edge.to));
        let others = self.places.iter().filter(|(id, _)| ![edge.from, edge.to].contains(id));
        let others: Vec<_> = others.map(|(_, at)| *at).collect();
        let covered = |(x, y): (f64, f64)| {
            let in_box = |at: &(f64, f64)| {
                (x - at.0).abs() < HALF.0 + CLEAR && (y - at.1).abs() < HALF.1 + CLEAR
            };
            !(0.0..=self.size.1).contains(&y) || others.iter().any(in_box)
        };
        let is_free = |bend: &f64| !(1..40).any(|part| covered(on_curve(from, to, *bend, part)));
        BENDS.into_iter().find(is_free).unwrap_or(BENDS[0])
    }
}

/// The point to which an arrow bends, half-way.
fn control(from: (f64, f64), to: (f64, f64), bend: f64) -> (f64, f64) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1.0);
    let middle = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
    (middle.0 - dy / length * bend, middle.1 + dx / length * bend)
}

/// A point of an arrow, `part` fortieths of its way.
fn on_curve(from: (f64, f64), to: (f64, f64), bend: f64, part: u32) -> (f64, f64) {
    let (t, middle) = (f64::from(part) / 40.0, control(from, to, bend));
    let at = |from: f64, middle: f64, to: f64| {
        from * (1.0 - t).powi(2) + middle * 2.0 * t * (1.0 - t) + to * t * t
    };
    (at(from.0, middle.0, to.0), at(from.1, middle.1, to.1))
}

fn draw_edge(drawing: &mut Drawing, layout: &Layout, graph: &WaitFor, edge: &Edge) {
    let (from, to) = (layout.at(edge.from), layout.at(edge.to));
    let cycle = in_cycle(graph, edge);
    let class = if cycle { "edge cycle" } else { "edge" };
    let dashes = if edge.relation == Relation::SeemsToHold { "6 3" } else { "none" };
    let (path, tip, label) = match edge.from == edge.to {
        true => to_itself(from),
        false => between(from, to, layout.bend(edge)),
    };
    drawing.element("path", &[("d", &path), ("class", &class), ("stroke-dasharray", &dashes)]);
    let tip_class = if cycle { "cycletip" } else { "tip" };
    drawing.element("path", &[("d", &tip), ("class", &tip_class)]);
    if cycle || edge.from == edge.to {
        drawing.text(label.0, label.1, "small dim", "middle", &shorten(&edge.resource, LONGEST));
    }
}

type Curve = (String, String, (f64, f64));

/// A curve that bends to one side, so that two in opposite directions do not meet.
fn between(from: (f64, f64), to: (f64, f64), bend: f64) -> Curve {
    let middle = control(from, to, bend);
    let straight = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
    let (nx, ny) = (middle.0 - straight.0, middle.1 - straight.1);
    let start = rim(from, middle);
    let end = rim(to, middle);
    let path = format!(
        "M{} {}Q{} {} {} {}",
        round(start.0),
        round(start.1),
        round(middle.0),
        round(middle.1),
        round(end.0),
        round(end.1)
    );
    // The curve passes half-way between its ends and its bend; the label stands beyond it.
    let half_way = |from: f64, middle: f64, to: f64| (from + 2.0 * middle + to) / 4.0;
    let passes = (half_way(start.0, middle.0, end.0), half_way(start.1, middle.1, end.1));
    let length = nx.hypot(ny).max(1.0);
    let label = (passes.0 + nx / length * 11.0, passes.1 + ny / length * 11.0 + 4.0);
    (path, tip(end, (end.0 - middle.0, end.1 - middle.1)), label)
}

fn to_itself(at: (f64, f64)) -> Curve {
    let (x, y) = (at.0 + HALF.0, at.1);
    let path = format!(
        "M{} {}C{} {} {} {} {} {}",
        round(x - 20.0),
        round(y - HALF.1),
        round(x - 10.0),
        round(y - 62.0),
        round(x + 50.0),
        round(y - 30.0),
        round(x),
        round(y)
    );
    (path, tip((x, y), (-50.0, 30.0)), (x - 10.0, y - 56.0))
}

/// Where a line from the middle of a box towards `to` leaves it.
fn rim(centre: (f64, f64), to: (f64, f64)) -> (f64, f64) {
    let (dx, dy) = (to.0 - centre.0, to.1 - centre.1);
    let scale = (HALF.0 / dx.abs().max(0.01)).min(HALF.1 / dy.abs().max(0.01));
    (centre.0 + dx * scale, centre.1 + dy * scale)
}

/// The head of an arrow that ends at a point in a direction.
fn tip(at: (f64, f64), direction: (f64, f64)) -> String {
    let angle = direction.1.atan2(direction.0);
    let corner = |turn: f64| {
        let turned = angle + turn;
        format!("{} {}", round(at.0 - 10.0 * turned.cos()), round(at.1 - 10.0 * turned.sin()))
    };
    format!("M{} {}L{}L{}Z", round(at.0), round(at.1), corner(0.4), corner(-0.4))
}

#[cfg(test)]
mod tests {
    use observation::{Node, Place};

    use super::*;

    fn edge(from: u32, to: u32, resource: &str) -> Edge {
        Edge {
            from: NodeId(from),
            to: NodeId(to),
            relation: Relation::CouldAct,
            resource: resource.to_owned(),
            held_since: None,
        }
    }

    fn graph(edges: Vec<Edge>) -> WaitFor {
        let node = |id: u32| Node {
            id: NodeId(id),
            name: format!("process {id}"),
            at: Some(Place { file: "lib.rs".into(), line: 20, function: None }),
            process: None,
            thread: None,
            waits_for: format!("something in pipe {id}"),
        };
        WaitFor { nodes: (1..=3).map(node).collect(), edges, cycle: vec![NodeId(1), NodeId(2)] }
    }

    #[test]
    fn every_task_says_what_it_waits_for_and_only_the_circle_has_words_on_arrows() {
        let picture = wait_for(&graph(vec![
            edge(1, 2, "the end of one"),
            edge(1, 2, "the same once more"),
            edge(2, 1, "the end of two"),
            edge(3, 3, "its own end"),
            edge(3, 1, "the end of three"),
        ]));
        for words in [
            "waits at lib.rs:20",
            "for something in pipe 3",
            ">the end of one<",
            ">the end of two<",
        ] {
            assert!(picture.contains(words), "{words}: {picture}");
        }
        for words in [">the same once more<", ">its own end<", ">the end of three<"] {
            assert!(!picture.contains(words), "{words}: {picture}");
        }
        assert_eq!(picture.matches("class=\"edge").count(), 3, "{picture}");
    }

    #[test]
    fn no_arrow_is_hidden_by_the_box_of_somebody_else() {
        let edges = vec![edge(1, 2, "a"), edge(2, 1, "b"), edge(3, 2, "c"), edge(3, 1, "d")];
        let mut graph = graph(edges);
        for cycle in [vec![1, 2], vec![2, 1], vec![1, 2, 3]] {
            graph.cycle = cycle.into_iter().map(NodeId).collect();
            let layout = Layout::of(&graph);
            for edge in &graph.edges {
                let (from, to) = (layout.at(edge.from), layout.at(edge.to));
                let third = NodeId(6 - edge.from.0 - edge.to.0);
                let (x, y) = layout.at(third);
                let hidden = (0..=40).any(|part| {
                    let at = on_curve(from, to, layout.bend(edge), part);
                    (at.0 - x).abs() < HALF.0 && (at.1 - y).abs() < HALF.1
                });
                assert!(!hidden, "{edge:?} is hidden by {third:?}");
            }
        }
    }

    #[test]
    fn words_stand_beside_their_arrow_and_in_the_picture() {
        let mut graph = graph(vec![edge(1, 2, "a"), edge(2, 1, "b")]);
        graph.nodes.truncate(2);
        let layout = Layout::of(&graph);
        for edge in &graph.edges {
            let (from, to) = (layout.at(edge.from), layout.at(edge.to));
            let (path, _, label) = between(from, to, layout.bend(edge));
            // M x y Q x y x y: half-way the curve is a quarter of its ends and half of its bend.
            let numbers: Vec<f64> =
                path.split(['M', 'Q', ' ']).filter_map(|part| part.parse().ok()).collect();
            let passes = (numbers[1] + 2.0 * numbers[3] + numbers[5]) / 4.0;
            // Letters reach from 8 above their line to 3 below it.
            let (top, bottom) = (label.1 - 8.0, label.1 + 3.0);
            assert!(bottom < passes - 2.0 || top > passes + 2.0, "{path} {label:?}");
            assert!(top > 0.0 && bottom < layout.size.1, "{label:?} {:?}", layout.size);
        }
    }

    #[test]
    fn who_waits_for_nobody_but_itself_has_an_arrow_to_itself() {
        let picture = wait_for(&graph(vec![edge(3, 3, "its own end")]));
        assert!(picture.contains(">its own end<"), "{picture}");
    }
}
