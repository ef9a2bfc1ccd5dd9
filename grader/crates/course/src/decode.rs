//! Takes values out of a tree and notes what is wrong with each, without stopping at the first.
//!
//! Every function returns `None` exactly when it has noted a problem.

use std::fmt::Display;
use std::str::FromStr;

use crate::node::{Node, NodeId, Value};

/// The problems found so far.
#[derive(Default)]
pub(crate) struct Decoder {
    problems: Vec<(NodeId, String)>,
}

/// The entries of a mapping whose keys are all known and all different.
pub(crate) struct Fields<'n> {
    at: NodeId,
    what: &'static str,
    entries: Vec<Entry<'n>>,
    /// Keys that unknown ones were taken for: they are not missing as well.
    meant: Vec<String>,
}

/// One entry of a mapping.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'n> {
    pub(crate) key: &'n str,
    pub(crate) key_at: NodeId,
    pub(crate) value: &'n Node,
}

impl<'n> Fields<'n> {
    /// The value of an optional key.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|entry| entry.value)
    }

    pub(crate) fn entry(&self, key: &str) -> Option<Entry<'n>> {
        self.entries.iter().find(|entry| entry.key == key).copied()
    }

    pub(crate) fn entries(&self) -> &[Entry<'n>] {
        &self.entries
    }
}

impl Decoder {
    pub(crate) fn problem(&mut self, at: NodeId, message: impl Into<String>) {
        self.problems.push((at, message.into()));
    }

    pub(crate) fn into_problems(self) -> Vec<(NodeId, String)> {
        self.problems
    }

    /// The fields of `node`. Unknown and repeated keys are noted and left out.
    pub(crate) fn fields<'n>(
        &mut self,
        node: &'n Node,
        what: &'static str,
        known: &[&str],
    ) -> Option<Fields<'n>> {
        let Value::Map(entries) = &node.value else {
            return self.wrong_kind(node, what, "a mapping");
        };
        let mut fields = Fields { at: node.id, what, entries: Vec::new(), meant: Vec::new() };
        for (key, value) in entries {
            let Value::Text(name) = &key.value else {
                self.problem(
                    key.id,
                    format!("a key of {what} is a word, not {}", key.value.kind()),
                );
                continue;
            };
            if !known.contains(&name.as_str()) {
                let meant = closest(name, known.iter().copied());
                self.problem(key.id, unknown(name, what, known, meant));
                fields.meant.extend(meant.map(str::to_owned));
            } else if fields.get(name).is_some() {
                self.problem(key.id, format!("`{name}` is given twice; keep one"));
            } else {
                fields.entries.push(Entry { key: name, key_at: key.id, value });
            }
        }
        Some(fields)
    }

    /// The value of a key that must be there.
    pub(crate) fn require<'n>(&mut self, fields: &Fields<'n>, key: &str) -> Option<&'n Node> {
        self.require_entry(fields, key).map(|entry| entry.value)
    }

    /// The same with the key's own place.
    pub(crate) fn require_entry<'n>(
        &mut self,
        fields: &Fields<'n>,
        key: &str,
    ) -> Option<Entry<'n>> {
        let entry = fields.entry(key);
        if entry.is_none() && !fields.meant.iter().any(|meant| meant == key) {
            self.problem(fields.at, format!("`{key}` is missing; {} needs it", fields.what));
        }
        entry
    }

    pub(crate) fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        match &node.value {
            Value::List(items) => Some(items),
            _ => self.wrong_kind(node, what, "a list"),
        }
    }

    /// A list of at least one.
    pub(crate) fn items<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        let items = self.list(node, what)?;
        if items.is_empty() {
            self.problem(node.id, format!("{what} are empty; list at least one"));
            return None;
        }
        Some(items)
    }

    /// A text of at least one visible character, line breaks folded into spaces.
    pub(crate) fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        let Value::Text(text) = &node.value else {
            return self.wrong_kind(node, what, "a text");
        };
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            self.problem(node.id, format!("{what} is empty"));
            return None;
        }
        Some(text)
    }

    /// A text that reads as a `T`.
    pub(crate) fn parse<T: FromStr<Err: Display>>(&mut self, node: &Node, what: &str) -> Option<T> {
        self.parse_with(node, what, str::parse)
    }

    /// A text that `parse` understands.
    pub(crate) fn parse_with<T, E: Display>(
        &mut self,
        node: &Node,
        what: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        // A bare number gets the parser's own answer, which knows what is missing.
        let (Value::Text(text) | Value::Number(text)) = &node.value else {
            return self.wrong_kind(node, what, "a text");
        };
        self.accept(node, parse(text))
    }

    /// A number that reads as a `T`.
    pub(crate) fn number<T: FromStr<Err: Display>>(
        &mut self,
        node: &Node,
        what: &str,
    ) -> Option<T> {
        let Value::Number(text) = &node.value else {
            return self.wrong_kind(node, what, "a number");
        };
        self.accept(node, text.parse())
    }

    pub(crate) fn boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        match &node.value {
            Value::Bool(value) => Some(*value),
            _ => self.wrong_kind(node, what, "true or false"),
        }
    }

    /// One of a closed set of words.
    pub(crate) fn word<T: Copy>(
        &mut self,
        node: &Node,
        what: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let names: Vec<_> = words.iter().map(|(name, _)| *name).collect();
        let found = match &node.value {
            Value::Text(text) => words.iter().find(|(name, _)| name == text),
            _ => None,
        };
        if found.is_none() {
            self.problem(node.id, format!("{what} is one of {}", names.join(", ")));
        }
        found.map(|(_, value)| *value)
    }

    fn accept<T, E: Display>(&mut self, node: &Node, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.problem(node.id, error.to_string())).ok()
    }

    fn wrong_kind<T>(&mut self, node: &Node, what: &str, wanted: &str) -> Option<T> {
        self.problem(node.id, format!("expected {what} as {wanted}, found {}", node.value.kind()));
        None
    }
}

fn unknown(name: &str, what: &str, known: &[&str], meant: Option<&str>) -> String {
    match meant {
        Some(near) => format!("`{name}` is not a key of {what}; did you mean `{near}`?"),
        None => format!("`{name}` is not a key of {what}; its keys are {}", known.join(", ")),
    }
}

/// The candidate that a slip of one or two letters would turn into `word`.
pub(crate) fn closest<'c>(
    word: &str,
    candidates: impl Iterator<Item = &'c str>,
) -> Option<&'c str> {
    let near = candidates.map(|candidate| (distance(word, candidate), candidate));
    let (distance, candidate) = near.min()?;
    // Two letters of four are another word, not a slip.
    (distance <= 2 && distance * 3 <= candidate.chars().count()).then_some(candidate)
}

/// The number of letters to insert, remove or replace to get from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_answered_with_the_word_that_was_meant() {
        let known = ["points", "title", "hint", "extra"];
        for (word, meant) in [
            ("pionts", Some("points")),
            ("titel", None),
            ("titles", Some("title")),
            ("hints", Some("hint")),
            ("weight", None),
            ("", None),
        ] {
            assert_eq!(closest(word, known.into_iter()), meant, "{word}");
        }
    }

    #[test]
    fn the_distance_counts_single_letters() {
        for (a, b, letters) in [
            ("", "", 0),
            ("a", "", 1),
            ("fork", "fork", 0),
            ("lock", "clock", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!((distance(a, b), distance(b, a)), (letters, letters), "{a} {b}");
        }
    }
}
