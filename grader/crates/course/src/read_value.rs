//! The small values of a course: texts, hints, points and limits.

use observation::{Limits, Verdict};

use crate::decode::Decoder;
use crate::node::{Node, Value};
use crate::points::Points;
use crate::text::{Hint, Text};
use crate::units::{Bytes, parse_duration};

pub(crate) const TEXT: [&str; 2] = ["en", "zh"];
pub(crate) const LIMITS: [&str; 6] = ["wall", "cpu", "memory", "processes", "output", "file_size"];

/// The hint for every verdict that has none of its own.
const ANY: &str = "any";

/// More than this is a slip of the keyboard.
const MOST_POINTS: Points = Points::whole(1_000_000);

/// A text in both languages.
pub(crate) fn title(decoder: &mut Decoder, node: &Node) -> Option<Text> {
    if matches!(node.value, Value::Text(_)) {
        decoder.problem(node.id, "a title is written in both languages: { en: ..., zh: ... }");
        return None;
    }
    bilingual(decoder, node, "a title")
}

/// One text, a text in both languages, or one of these per verdict.
pub(crate) fn hint(decoder: &mut Decoder, node: &Node) -> Option<Hint> {
    let by_language =
        |name: &Node| matches!(&name.value, Value::Text(name) if TEXT.contains(&name.as_str()));
    match &node.value {
        Value::Map(entries) if !entries.iter().any(|(key, _)| by_language(key)) => {
            hint_by_verdict(decoder, node)
        }
        _ => Some(Hint { otherwise: Some(text(decoder, node)?), ..Hint::default() }),
    }
}

fn hint_by_verdict(decoder: &mut Decoder, node: &Node) -> Option<Hint> {
    let words: Vec<_> = failures().map(Verdict::as_str).chain([ANY]).collect();
    let fields = decoder.fields(node, "a hint by verdict", &words)?;
    if fields.entries().is_empty() {
        decoder.problem(node.id, "the hint is empty; write a text, or one for `any` verdict");
        return None;
    }
    let mut hint = Hint::default();
    let mut sound = true;
    for entry in fields.entries() {
        match (text(decoder, entry.value), entry.key.parse()) {
            (Some(text), Ok(verdict)) => _ = hint.by_verdict.insert(verdict, text),
            (Some(text), Err(_)) => hint.otherwise = Some(text),
            (None, _) => sound = false,
        }
    }
    sound.then_some(hint)
}

/// The verdicts that a hint can help with.
pub(crate) fn failures() -> impl Iterator<Item = Verdict> {
    let all = Verdict::ALL.into_iter();
    all.filter(|verdict| !matches!(verdict, Verdict::Pass | Verdict::NotGradable))
}

fn text(decoder: &mut Decoder, node: &Node) -> Option<Text> {
    match node.value {
        Value::Map(_) => bilingual(decoder, node, "a text"),
        _ => decoder.text(node, "the text").map(Text::plain),
    }
}

fn bilingual(decoder: &mut Decoder, node: &Node, what: &'static str) -> Option<Text> {
    let fields = decoder.fields(node, what, &TEXT)?;
    let [en, zh] = TEXT.map(|language| {
        let node = decoder.require(&fields, language)?;
        decoder.text(node, "the text")
    });
    Some(Text { en: en?, zh: zh? })
}

pub(crate) fn points(decoder: &mut Decoder, node: &Node) -> Option<Points> {
    let points = decoder.number(node, "points")?;
    if points > MOST_POINTS {
        decoder.problem(node.id, format!("a test is worth {MOST_POINTS} points at most"));
        return None;
    }
    Some(points)
}

/// The bounds that `node` gives, over `base`. What is wrong in it is noted and left at `base`.
pub(crate) fn limits(decoder: &mut Decoder, node: &Node, base: Limits) -> Limits {
    let mut limits = base;
    let Some(fields) = decoder.fields(node, "limits", &LIMITS) else { return base };
    for (key, slot) in [("wall", &mut limits.wall), ("cpu", &mut limits.cpu)] {
        let value = fields.get(key).and_then(|node| decoder.parse_with(node, key, parse_duration));
        *slot = value.unwrap_or(*slot);
    }
    for (key, slot) in [
        ("memory", &mut limits.memory),
        ("output", &mut limits.output),
        ("file_size", &mut limits.file_size),
    ] {
        let value = fields.get(key).and_then(|node| decoder.parse::<Bytes>(node, key));
        *slot = value.map_or(*slot, |bytes| bytes.0);
    }
    if let Some(node) = fields.get("processes") {
        let number = decoder.parse_with(node, "processes", parse_count);
        limits.processes = number.unwrap_or(limits.processes);
    }
    limits
}

fn parse_count(text: &str) -> Result<u64, String> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| format!("`{text}` is not a number of processes; write 1 or more"))
}
