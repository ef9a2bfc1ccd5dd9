//! From a YAML tree to policies.

use crate::decode::Decoder;
use crate::moment::{Moment, MomentError, Zone};
use crate::names::LessonId;
use crate::node::{Node, NodeId, Value};
use crate::policy::{Attempts, LateStep, Percent, Policies, Required};
use crate::units::parse_span;

pub(crate) const LATE: [&str; 2] = ["within", "keeps"];
pub(crate) const REQUIRED: [&str; 3] = ["lessons", "at_least", "otherwise"];

/// More lessons than any course has are dropped by a slip of the keyboard.
const MOST_DROPPED: usize = 1000;

/// The policies in `node`, and the lessons that they name with their places.
pub(crate) fn policies(
    decoder: &mut Decoder,
    node: &Node,
    keys: &[&str],
) -> Option<(Policies, Vec<(LessonId, NodeId)>)> {
    let fields = decoder.fields(node, "policies", keys)?;
    let mut policies = Policies::default();
    let mut named = Vec::new();
    if let Some(node) = fields.get("zone") {
        policies.zone = decoder.parse::<Zone>(node, "the zone")?;
    }
    if let Some(node) = fields.get("grace") {
        policies.grace = decoder.parse_with(node, "the grace", parse_span)?;
    }
    if let Some(node) = fields.get("late") {
        policies.late = late(decoder, node)?;
    }
    if let Some(node) = fields.get("attempts") {
        policies.attempts = decoder.word(node, "attempts", &Attempts::WORDS)?;
    }
    if let Some(node) = fields.get("cap") {
        policies.cap = Some(decoder.parse(node, "the cap")?);
    }
    if let Some(node) = fields.get("drop_lowest") {
        policies.drop_lowest = decoder.parse_with(node, "drop_lowest", parse_dropped)?;
    }
    if let Some(node) = fields.get("required") {
        policies.required = Some(required(decoder, node, &mut named)?);
    }
    Some((policies, named))
}

fn parse_dropped(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| *count <= MOST_DROPPED);
    count.ok_or_else(|| format!("`{text}` is not a number of lessons; write 0, 1, 2 ..."))
}

fn late(decoder: &mut Decoder, node: &Node) -> Option<Vec<LateStep>> {
    let mut steps: Vec<LateStep> = Vec::new();
    for item in decoder.items(node, "the steps for late work")? {
        let fields = decoder.fields(item, "a step for late work", &LATE)?;
        let within = decoder.require(&fields, "within");
        let within = within.and_then(|node| decoder.parse_with(node, "within", parse_span));
        let keeps = decoder.require(&fields, "keeps");
        let keeps = keeps.and_then(|node| decoder.parse::<Percent>(node, "keeps"));
        let step = LateStep { within: within?, keeps: keeps? };
        if step.keeps > Percent::WHOLE {
            decoder.problem(item.id, "late work keeps 100% at most");
            return None;
        }
        if let Some(last) = steps.last() {
            if step.within <= last.within {
                decoder.problem(item.id, "each step is `within` more than the one before it");
                return None;
            }
            if step.keeps > last.keeps {
                decoder.problem(item.id, "work that is later keeps no more than earlier work");
                return None;
            }
        }
        steps.push(step);
    }
    Some(steps)
}

fn required(
    decoder: &mut Decoder,
    node: &Node,
    named: &mut Vec<(LessonId, NodeId)>,
) -> Option<Required> {
    let fields = decoder.fields(node, "required", &REQUIRED)?;
    let list = decoder.require(&fields, "lessons")?;
    let mut lessons = Vec::new();
    for item in decoder.items(list, "the required lessons")? {
        let lesson: LessonId = decoder.parse(item, "each name")?;
        if lessons.contains(&lesson) {
            decoder.problem(item.id, format!("`{lesson}` is listed twice; keep one"));
            return None;
        }
        named.push((lesson.clone(), item.id));
        lessons.push(lesson);
    }
    let mut percent = |key: &str, usual| match fields.get(key) {
        Some(node) => decoder.parse::<Percent>(node, key),
        None => Some(usual),
    };
    let at_least = percent("at_least", Percent::whole(50))?;
    let otherwise = percent("otherwise", Percent::NOTHING)?;
    Some(Required { lessons, at_least, otherwise })
}

/// When a lesson is due, by clocks in `zone`.
pub(crate) fn due(decoder: &mut Decoder, node: &Node, zone: Zone) -> Option<Moment> {
    if matches!(node.value, Value::Number(_)) {
        let error = MomentError::Form("a number".to_owned());
        decoder.problem(node.id, error.to_string());
        return None;
    }
    decoder.parse_with(node, "due", |text| {
        let moment: Moment = text.parse()?;
        moment.at(zone).map(|_| moment)
    })
}
