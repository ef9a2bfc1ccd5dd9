//! A failing schedule as a drawing: lanes, locks held as bars, the waiting edge in colour.
//!
//! One self-contained page without scripts. Everything that a student wrote is escaped.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use observation::NodeId;

use crate::finding::{Effect, Finding, Step};

const ROW: usize = 26;
const TOP: usize = 56;
const LEFT: usize = 40;
const LANE: usize = 350;

/// Between two arrows at the end.
const EDGE: usize = 14;

/// Characters of a label that fit between two lanes; the rest shows when pointed at.
const LABEL: usize = 38;

/// Colours that colour-blind readers can tell apart, for objects that are held.
const COLOURS: [&str; 6] = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#f0e442"];

const STYLE: &str = "\
body{font:15px/1.45 system-ui,sans-serif;margin:2rem;color:#1b1f24;background:#fff}
svg text{font:13px ui-monospace,monospace;fill:currentColor}
svg .name{font-weight:700;font-size:15px}
svg .lane{stroke:#c4c9d0;stroke-width:2}
svg .place{fill:#6a737d}
svg .waits{stroke:#d1242f;stroke-width:3;stroke-dasharray:5 4;fill:none}
svg .edge{stroke:#d1242f;stroke-width:2.5;fill:none}
svg .wait{fill:#d1242f;font-weight:700}
.verdict{display:inline-block;background:#d1242f;color:#fff;border-radius:4px;padding:0 .5em;font-weight:700}
p,ul{max-width:75rem}
pre{background:#f6f8fa;padding:.8em;border-radius:6px;overflow:auto}
.legend span{display:inline-block;width:.8em;height:.8em;border-radius:3px;margin:0 .35em 0 .8em}
.legend .waiting{background:#d1242f}
.scroll{overflow-x:auto}
@media (prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}pre{background:#161b22}svg .place{fill:#9198a1}}";

/// The page for `finding`.
pub fn html(finding: &Finding) -> String {
    let mut page = String::new();
    let name = escape(&finding.name);
    let _ = write!(
        page,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{name}</title><style>{STYLE}</style>\
         <h1>{name}</h1><p><span class=\"verdict\">{}</span> {}</p>",
        finding.verdict,
        escape(&finding.message)
    );
    if let Some(graph) = &finding.wait_for {
        page.push_str("<ul>");
        for node in &graph.nodes {
            let at = node.at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
            let held = graph.edges.iter().filter(|edge| edge.from == node.id);
            let held = held.filter(|edge| edge.held_since.is_some());
            let held: String = held.map(|edge| graph.describe(edge)).collect();
            let _ = write!(
                page,
                "<li><b>{}</b> waits{} for {}{}",
                escape(&node.name),
                escape(&at),
                escape(&node.waits_for),
                escape(&held)
            );
        }
        page.push_str("</ul>");
    }
    let file = only_file(&finding.steps);
    if let Some(file) = file {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let _ = write!(page, "<p>Numbers are lines of <b>{}</b>.</p>", escape(&name));
    }
    let _ = write!(page, "<div class=\"scroll\">{}</div>", drawing(finding, file.is_some()));
    if !finding.output.is_empty() {
        let _ = write!(page, "<h2>Printed</h2><pre>{}</pre>", escape(&finding.output));
    }
    if let Some(schedule) = &finding.schedule {
        let _ = write!(page, "<h2>Schedule</h2><pre>{}</pre>", escape(schedule));
    }
    page
}

/// The file that all steps are in, if it is one.
fn only_file(steps: &[Step]) -> Option<&Path> {
    let mut files = steps.iter().filter_map(|step| step.at.as_ref()).map(|at| at.file.as_path());
    let first = files.next()?;
    files.all(|file| file == first).then_some(first)
}

/// Something that is held or waited for, from one row to another.
struct Bar<'a> {
    thread: usize,
    object: &'a str,
    from: usize,
    to: usize,
}

fn drawing(finding: &Finding, in_one_file: bool) -> String {
    let steps = &finding.steps;
    let (held, waited) = (bars(steps, Effect::Takes), bars(steps, Effect::Waits));
    let stuck = stuck(finding);
    let objects: BTreeMap<&str, usize> = {
        let mut names: Vec<&str> = held.iter().map(|bar| bar.object).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().enumerate().map(|(index, name)| (name, index)).collect()
    };
    let width = LEFT + LANE * finding.threads.len();
    let edges = finding.wait_for.as_ref().map_or(0, |graph| graph.edges.len());
    let height = TOP + ROW * (steps.len() + 1) + EDGE * edges.max(2);
    let mut svg = format!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">\
         <defs><marker id=\"tip\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto-start-reverse\"><path d=\"M0 0L10 5L0 10z\" fill=\"#d1242f\"/></marker></defs>"
    );
    for (index, name) in finding.threads.iter().enumerate() {
        let x = lane(index);
        let _ = write!(
            svg,
            "<text class=\"name\" x=\"{x}\" y=\"24\">{}</text>\
             <line class=\"lane\" x1=\"{x}\" y1=\"34\" x2=\"{x}\" y2=\"{}\"/>",
            escape(name),
            height - 8
        );
    }
    for bar in &held {
        svg.push_str(&held_bar(bar, objects.get(bar.object).copied().unwrap_or(0)));
    }
    let ended = waited.iter().filter(|bar| bar.to < steps.len());
    let waits = ended.map(|bar| (bar.thread, bar.from, y(bar.to)));
    let end = height - EDGE;
    for (thread, from, to) in waits.chain(stuck.iter().map(|&(thread, from)| (thread, from, end))) {
        let _ = write!(svg, "<path class=\"waits\" d=\"M{} {}V{to}\"/>", lane(thread), y(from));
    }
    svg.push_str(&arrows(finding));
    for (row, step) in steps.iter().enumerate() {
        let waits = step.effect == Some(Effect::Waits) || stuck.contains(&(step.thread, row));
        svg.push_str(&label(row, step, waits, in_one_file));
    }
    svg.push_str("</svg>");
    legend(&objects) + &svg
}

/// The threads that wait in the end, each with the row of its last step.
fn stuck(finding: &Finding) -> Vec<(usize, usize)> {
    let nodes = finding.wait_for.as_ref().map_or(&[][..], |graph| &graph.nodes);
    let threads = nodes.iter().map(|node| thread(node.id));
    let last = |thread: usize| finding.steps.iter().rposition(|step| step.thread == thread);
    threads.filter_map(|thread| Some((thread, last(thread)?))).collect()
}

/// Nodes are numbered from 1.
fn thread(node: NodeId) -> usize {
    (node.0 as usize).saturating_sub(1)
}

/// Which colour is which lock.
fn legend(objects: &BTreeMap<&str, usize>) -> String {
    if objects.is_empty() {
        return String::new();
    }
    let mut text = "<p class=\"legend\">held: ".to_owned();
    for (name, index) in objects {
        let colour = COLOURS[index % COLOURS.len()];
        let _ = write!(text, "<span style=\"background:{colour}\"></span>{} ", escape(name));
    }
    text.push_str("<span class=\"waiting\"></span>waits</p>");
    text
}

/// From each step with `effect` to the step of the same thread that ends it.
fn bars(steps: &[Step], effect: Effect) -> Vec<Bar<'_>> {
    let begun = steps.iter().enumerate().filter(|(_, step)| step.effect == Some(effect));
    begun
        .filter_map(|(from, step)| {
            let object = step.object.as_deref()?;
            let ends = |later: &Step| {
                let same = later.thread == step.thread && later.object.as_deref() == Some(object);
                same && match effect {
                    Effect::Takes => later.effect == Some(Effect::Releases),
                    Effect::Waits | Effect::Releases => later.effect == Some(Effect::Takes),
                }
            };
            let to = steps.iter().skip(from + 1).position(ends);
            let to = to.map_or(steps.len(), |after| from + 1 + after);
            Some(Bar { thread: step.thread, object, from, to })
        })
        .collect()
}

fn held_bar(bar: &Bar<'_>, index: usize) -> String {
    let x = lane(bar.thread) - 12 - 8 * (index % 4);
    let height = (y(bar.to) - y(bar.from)).max(6);
    format!(
        "<rect x=\"{x}\" y=\"{}\" width=\"6\" height=\"{height}\" rx=\"3\" fill=\"{}\"><title>{} is held</title></rect>",
        y(bar.from),
        COLOURS[index % COLOURS.len()],
        escape(bar.object)
    )
}

/// An arrow from each thread that waits in the end to whoever would have to act.
fn arrows(finding: &Finding) -> String {
    let mut svg = String::new();
    let edges = finding.wait_for.as_ref().map_or(&[][..], |graph| &graph.edges);
    for (number, edge) in edges.iter().enumerate() {
        let (from, to) = (lane(thread(edge.from)), lane(thread(edge.to)));
        let level = y(finding.steps.len()) + number * EDGE;
        let path = match from.cmp(&to) {
            Ordering::Less => format!("M{from} {level}H{}", to - 6),
            Ordering::Greater => format!("M{from} {level}H{}", to + 6),
            Ordering::Equal => format!("M{from} {level}h24v-14h-18"),
        };
        let _ = write!(
            svg,
            "<path class=\"edge\" marker-end=\"url(#tip)\" d=\"{path}\"><title>waits for {}</title></path>",
            escape(&edge.resource)
        );
    }
    svg
}

fn label(row: usize, step: &Step, waits: bool, in_one_file: bool) -> String {
    let (x, y) = (lane(step.thread), y(row));
    let place = step.at.as_ref().map(|at| match in_one_file {
        true => format!("{} ", at.line),
        false => format!("{at} "),
    });
    let place = place.unwrap_or_default();
    let class = if waits { " class=\"wait\"" } else { "" };
    let colour = if waits { "#d1242f" } else { "currentColor" };
    let whole = format!("{place}{}", step.text);
    let room = LABEL.saturating_sub(place.chars().count());
    let mut text: String = step.text.chars().take(room).collect();
    if text.len() < step.text.len() {
        text.push('…');
    }
    format!(
        "<circle cx=\"{x}\" cy=\"{y}\" r=\"4.5\" fill=\"{colour}\"/>\
         <text x=\"{}\" y=\"{}\"><title>{}</title><tspan class=\"place\">{}</tspan><tspan{class}>{}</tspan></text>",
        x + 12,
        y + 4,
        escape(&whole),
        escape(&place),
        escape(&text)
    )
}

fn lane(thread: usize) -> usize {
    LEFT + 20 + LANE * thread
}

fn y(row: usize) -> usize {
    TOP + ROW * row
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use observation::Verdict;

    use super::*;

    fn step(thread: usize, effect: Option<Effect>, object: &str) -> Step {
        let text = "<b>".to_owned();
        Step { thread, at: None, text, effect, object: Some(object.to_owned()) }
    }

    #[test]
    fn a_bar_lasts_from_taking_to_releasing_or_to_the_end() {
        let steps = [
            step(0, Some(Effect::Takes), "Mutex A"),
            step(1, Some(Effect::Takes), "Mutex B"),
            step(0, Some(Effect::Releases), "Mutex A"),
        ];
        let bars = bars(&steps, Effect::Takes);
        assert_eq!((bars[0].from, bars[0].to), (0, 2));
        assert_eq!((bars[1].from, bars[1].to), (1, 3));
    }

    #[test]
    fn each_thread_that_is_stuck_waits_in_red_and_points_at_whom_it_waits_for() {
        let graph = r#"{
            "nodes": [{"id": 1, "name": "main", "waits_for": "thread-1 to end", "at": null},
                      {"id": 2, "name": "thread-1", "waits_for": "a notification", "at": null}],
            "edges": [{"from": 1, "to": 2, "resource": "the end of thread-1", "held_since": null}],
            "cycle": []}"#;
        let mut finding = Finding::unreported("hangs", Verdict::Deadlock, String::new());
        finding.wait_for = Some(serde_json::from_str(graph).unwrap());
        finding.threads = vec!["main".to_owned(), "thread-1".to_owned()];
        finding.steps = vec![step(1, None, ""), step(0, None, ""), step(1, None, "")];
        let page = html(&finding);
        assert_eq!(page.matches("class=\"waits\"").count(), 2, "{page}");
        assert_eq!(page.matches("class=\"wait\"").count(), 2, "{page}");
        assert_eq!(page.matches("class=\"edge\"").count(), 1, "{page}");
    }

    #[test]
    fn what_a_student_wrote_is_text() {
        assert!(label(0, &step(0, None, ""), false, true).contains("&lt;b&gt;"));
    }
}
