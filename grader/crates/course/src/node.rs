//! YAML as a tree whose nodes can be found again in the text.
//!
//! The parser tells where something is only when it fails there. So each node
//! is numbered in reading order, and the place of one is found by reading the
//! text again and refusing exactly that node: slow, rare, and never at odds
//! with what was parsed.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Visitor};

/// A node's number in reading order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId(usize);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) id: NodeId,
    pub(crate) value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// In decimal, as short as it reads back: money-like numbers must not pass through arithmetic.
    Number(String),
    Text(String),
    List(Vec<Node>),
    /// Every entry as it was written, so that a key given twice is seen.
    Map(Vec<(Node, Node)>),
}

impl Value {
    /// What an author would call it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// A line and a column, both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// Text that is no YAML.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) at: Position,
    pub(crate) message: String,
}

/// Reads `text` as one YAML document.
pub(crate) fn read(text: &str) -> Result<Node, SyntaxError> {
    walk(text, None).map_err(|error| SyntaxError { at: position(&error), message: plain(&error) })
}

/// Where the node `id` of `text` starts.
pub(crate) fn locate(text: &str, id: NodeId) -> Position {
    match walk(text, Some(id)) {
        Err(error) => position(&error),
        Ok(_) => Position { line: 1, column: 1 },
    }
}

fn walk(text: &str, refuse: Option<NodeId>) -> Result<Node, serde_yaml::Error> {
    let next = Cell::new(0);
    Reader { next: &next, refuse }.deserialize(serde_yaml::Deserializer::from_str(text))
}

fn position(error: &serde_yaml::Error) -> Position {
    let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
    Position { line: line.max(1), column: column.max(1) }
}

/// The message without the place, which stands in front of it already.
fn plain(error: &serde_yaml::Error) -> String {
    let message = error.to_string();
    let place = error.location().map(|at| format!(" at line {} column {}", at.line(), at.column()));
    match place {
        Some(place) => message.replacen(&place, "", 1),
        None => message,
    }
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    next: &'a Cell<usize>,
    refuse: Option<NodeId>,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Node, D::Error> {
        let id = NodeId(self.next.replace(self.next.get() + 1));
        if self.refuse == Some(id) {
            return from.deserialize_any(Refuse);
        }
        Ok(Node { id, value: from.deserialize_any(self)? })
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML without tags")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key_seed(self)? {
            map.push((key, entries.next_value_seed(self)?));
        }
        Ok(Value::Map(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _tagged: A) -> Result<Value, A::Error> {
        Err(serde::de::Error::custom("tags such as `!this` have no meaning here; remove the tag"))
    }
}

/// Fails on whatever it meets, and so makes the parser say where that is.
struct Refuse;

impl Visitor<'_> for Refuse {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing at all")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every node of `text` with its place, in reading order.
    fn places(text: &str) -> Vec<(String, usize, usize)> {
        fn collect(node: &Node, text: &str, into: &mut Vec<(String, usize, usize)>) {
            let Position { line, column } = locate(text, node.id);
            let label = match &node.value {
                Value::Text(text) | Value::Number(text) => text.clone(),
                other => other.kind().to_owned(),
            };
            into.push((label, line, column));
            match &node.value {
                Value::List(items) => items.iter().for_each(|item| collect(item, text, into)),
                Value::Map(entries) => entries.iter().for_each(|(key, value)| {
                    collect(key, text, into);
                    collect(value, text, into);
                }),
                _ => {}
            }
        }
        let mut into = Vec::new();
        collect(&read(text).unwrap(), text, &mut into);
        into
    }

    #[test]
    fn every_kind_of_node_is_found_where_it_stands() {
        let text = "# 注释\na: 1\n标题: { en: \"x y\", zh: 并发, n: [1.50, ~] }\n'b':\n  - yes\n  - k: true\n";
        let expected = [
            ("a mapping", 2, 1),
            ("a", 2, 1),
            ("1", 2, 4),
            ("标题", 3, 1),
            ("a mapping", 3, 5),
            ("en", 3, 7),
            ("x y", 3, 11),
            ("zh", 3, 18),
            ("并发", 3, 22),
            ("n", 3, 26),
            ("a list", 3, 29),
            ("1.5", 3, 30),
            ("nothing", 3, 36),
            ("b", 4, 1),
            ("a list", 5, 3),
            ("yes", 5, 5),
            ("a mapping", 6, 5),
            ("k", 6, 5),
            ("true or false", 6, 8),
        ];
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(label, line, column)| (label.to_owned(), line, column))
            .collect();
        assert_eq!(places(text), expected);
    }

    #[test]
    fn what_an_alias_stands_for_is_found_at_its_anchor() {
        let text = "a: &x [1]\nb: *x\n";
        let last = places(text).pop();
        assert_eq!(last, Some(("1".to_owned(), 1, 8)));
    }

    #[test]
    fn a_key_given_twice_is_kept_twice() {
        let Value::Map(entries) = read("a: 1\na: 2\n").unwrap().value else { panic!("a mapping") };
        assert_eq!(entries.len(), 2);
    }

    #[test]
    fn broken_text_has_a_place_and_a_reason() {
        for (text, line, column, reason) in [
            ("a: [1\nb: 2\n", 2, 2, "did not find expected ',' or ']'"),
            ("a: \"x\n", 2, 1, "found unexpected end of stream"),
            ("a: !new x\n", 1, 4, "tags such as"),
            ("a: *x\n", 1, 4, "unknown anchor"),
            ("a: 1\n---\nb: 2\n", 1, 1, "more than one document"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!((error.at.line, error.at.column), (line, column), "{text:?}: {error:?}");
            assert!(error.message.contains(reason), "{text:?}: {}", error.message);
        }
    }
}
