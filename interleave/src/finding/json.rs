//! A report as JSON, written by hand to keep the crate light.

use std::fmt::Write as _;

use super::{Effect, Report, SourceLine, Step, WaitFor};

/// The version of the serialised form.
const SCHEMA: &str = "interleave/exploration/v1";

impl Report {
    /// The report as one JSON document.
    pub fn to_json(&self) -> String {
        let mut object = Object::new();
        object.text("schema", SCHEMA);
        object.text("name", &self.name);
        object.text("verdict", self.verdict.as_str());
        object.raw("schedules", &self.schedules.to_string());
        object.raw("exhaustive", &self.exhaustive.to_string());
        object.raw("failures", &self.failures.to_string());
        object.raw("first_failure_at", &number(self.first_failure_at));
        object.text("scheduler", &self.scheduler);
        // As text: a 64-bit seed does not survive readers that know only doubles.
        object.text("seed", &self.seed.to_string());
        let schedule = self.schedule.as_ref();
        let schedule = schedule.map_or("null".into(), |schedule| quoted(&schedule.to_string()));
        object.raw("schedule", &schedule);
        object.text("message", &self.message);
        let graph = self.wait_for.as_ref().map_or("null".into(), graph);
        object.raw("wait_for", &graph);
        object.text("interleaving", &self.interleaving);
        object.raw("threads", &list(self.threads.iter().map(|name| quoted(name))));
        object.raw("steps", &list(self.steps.iter().map(step)));
        object.text("output", &self.output);
        object.raw("notes", &list(self.notes.iter().map(|note| quoted(note))));
        object.end()
    }
}

fn graph(graph: &WaitFor) -> String {
    let nodes = list(graph.nodes.iter().map(|node| {
        let mut object = Object::new();
        object.raw("id", &node.id.to_string());
        object.text("name", &node.name);
        object.text("waits_for", &node.waits_for);
        object.raw("at", &place(node.at.as_ref()));
        object.end()
    }));
    let edges = list(graph.edges.iter().map(|edge| {
        let mut object = Object::new();
        object.raw("from", &edge.from.to_string());
        object.raw("to", &edge.to.to_string());
        object.text("resource", &edge.resource);
        object.raw("held_since", &place(edge.held_since.as_ref()));
        object.end()
    }));
    let cycle = list(graph.cycle.iter().map(ToString::to_string));
    let mut object = Object::new();
    object.raw("nodes", &nodes);
    object.raw("edges", &edges);
    object.raw("cycle", &cycle);
    object.end()
}

fn step(step: &Step) -> String {
    let mut object = Object::new();
    object.raw("thread", &step.thread.to_string());
    object.raw("at", &place(step.at.as_ref()));
    object.text("text", &step.text);
    if let Some((effect, of)) = &step.effect {
        object.text(
            "effect",
            match effect {
                Effect::Takes => "takes",
                Effect::Releases => "releases",
                Effect::Waits => "waits",
            },
        );
        object.text("object", of);
    }
    object.end()
}

fn place(place: Option<&SourceLine>) -> String {
    let Some(place) = place else { return "null".into() };
    let mut object = Object::new();
    object.text("file", &place.file);
    object.raw("line", &place.line.to_string());
    object.raw("function", "null");
    object.end()
}

fn number(number: Option<usize>) -> String {
    number.map_or("null".into(), |number| number.to_string())
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

struct Object(String);

impl Object {
    fn new() -> Self {
        Self("{".into())
    }

    fn raw(&mut self, key: &str, value: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        let _ = write!(self.0, "{}:{value}", quoted(key));
    }

    fn text(&mut self, key: &str, value: &str) {
        self.raw(key, &quoted(value));
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            control if u32::from(control) < 0x20 => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_so_that_any_reader_gets_it_back() {
        assert_eq!(quoted("a\"b\\c\nd\u{1}é"), r#""a\"b\\c\nd\u0001é""#);
    }
}
