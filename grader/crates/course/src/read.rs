//! From a YAML tree to a course: units, lessons and tests.

use std::sync::Arc;

use observation::Limits;

use crate::decode::{Decoder, Entry, Fields, closest};
use crate::error::Source;
use crate::model::{Course, Lesson, Permission, Test, Unit, Visibility};
use crate::names::{CrateName, LessonId, StudentFile, TestName, UnitId};
use crate::node::{Node, NodeId};
use crate::points::Points;
use crate::read_value::{hint, limits, points, title};
use crate::text::Hint;

/// The keys of each mapping, required and optional.
pub(crate) const COURSE: [&str; 6] = ["course", "title", "limits", "hint", "policies", "units"];
/// Read by those who make grades of scores, and by nobody else.
#[cfg_attr(not(feature = "policies"), expect(dead_code, reason = "policies are not read"))]
pub(crate) const POLICIES: [&str; 7] =
    ["zone", "grace", "late", "attempts", "cap", "drop_lowest", "required"];
pub(crate) const UNIT: [&str; 3] = ["id", "title", "lessons"];
pub(crate) const LESSON: [&str; 10] =
    ["id", "title", "due", "extra", "requires", "files", "crates", "unsafe", "limits", "tests"];
pub(crate) const TEST: [&str; 6] = ["name", "points", "title", "visibility", "extra", "hint"];

/// Reads a whole course, or says everything that is wrong with it.
pub(crate) fn course(root: &Node, source: &Arc<Source>) -> Result<Course, Vec<(NodeId, String)>> {
    let mut reader = Reader::default();
    let course = reader.course(root, source);
    reader.check_prerequisites();
    #[cfg(feature = "policies")]
    reader.check_named();
    match (course, reader.decoder.into_problems()) {
        (Some(course), problems) if problems.is_empty() => Ok(course),
        (_, problems) => Err(problems),
    }
}

#[derive(Default)]
struct Reader {
    decoder: Decoder,
    limits: Limits,
    /// For tests whose own hint has none for a verdict.
    hint: Hint,
    units: Vec<UnitId>,
    /// In teaching order.
    lessons: Vec<LessonId>,
    /// Who requires whom: checked once all lessons are known.
    prerequisites: Vec<Prerequisite>,
    #[cfg(feature = "policies")]
    policies: crate::policy::Policies,
    /// Lessons that policies name: checked once all lessons are known.
    #[cfg(feature = "policies")]
    named: Vec<(LessonId, NodeId)>,
}

struct Prerequisite {
    /// How many lessons stand before the one that requires.
    earlier: usize,
    id: LessonId,
    at: NodeId,
}

impl Reader {
    fn course(&mut self, node: &Node, source: &Arc<Source>) -> Option<Course> {
        let fields = self.decoder.fields(node, "a course", &COURSE)?;
        let id = self.required(&fields, "course", |d, node| d.parse(node, "the id of a course"));
        let title = self.required(&fields, "title", title);
        if let Some(node) = fields.get("limits") {
            self.limits = limits(&mut self.decoder, node, self.limits);
        }
        if let Some(node) = fields.get("hint") {
            self.hint = hint(&mut self.decoder, node).unwrap_or_default();
        }
        // Before the lessons: their due dates are in its zone.
        #[cfg(feature = "policies")]
        if let Some(node) = fields.get("policies") {
            let read = crate::read_policy::policies(&mut self.decoder, node, &POLICIES);
            (self.policies, self.named) = read.unwrap_or_default();
        }
        let units = self.required(&fields, "units", |d, node| d.items(node, "the units"))?;
        let units = units.iter().map(|node| self.unit(node)).collect::<Vec<_>>();
        let units = units.into_iter().collect::<Option<_>>();
        Some(Course {
            id: id?,
            title: title?,
            units: units?,
            #[cfg(feature = "policies")]
            policies: std::mem::take(&mut self.policies),
            source: Arc::clone(source),
        })
    }

    fn unit(&mut self, node: &Node) -> Option<Unit> {
        let fields = self.decoder.fields(node, "a unit", &UNIT)?;
        let id = self.decoder.require(&fields, "id").and_then(|node| {
            let id: UnitId = self.decoder.parse(node, "the id of a unit")?;
            self.note_new(&id, node, |reader| &mut reader.units, "unit")
        });
        let title = self.required(&fields, "title", title);
        let lessons = self.required(&fields, "lessons", |d, node| d.items(node, "the lessons"))?;
        let lessons = lessons.iter().map(|node| self.lesson(node)).collect::<Vec<_>>();
        let lessons = lessons.into_iter().collect::<Option<_>>();
        Some(Unit { id: id?, title: title?, lessons: lessons? })
    }

    fn lesson(&mut self, node: &Node) -> Option<Lesson> {
        let fields = self.decoder.fields(node, "a lesson", &LESSON)?;
        let earlier = self.lessons.len();
        let id = self.decoder.require(&fields, "id").and_then(|node| {
            let id: LessonId = self.decoder.parse(node, "the id of a lesson")?;
            self.note_new(&id, node, |reader| &mut reader.lessons, "lesson")
        });
        let title = self.required(&fields, "title", title);
        let requires = self.requires(&fields, earlier);
        let files = self.files(&fields);
        let crates: Option<Vec<CrateName>> = self.distinct(&fields, "crates", "crates");
        let unsafe_code = optional(&fields, "unsafe", |node| {
            self.decoder.word(node, "unsafe", &Permission::WORDS)
        });
        let mut bounds = self.limits;
        if let Some(node) = fields.get("limits") {
            bounds = limits(&mut self.decoder, node, bounds);
        }
        #[cfg(feature = "policies")]
        if let Some(id) = &id {
            self.terms(&fields, id);
        }
        let tests_entry = self.decoder.require_entry(&fields, "tests")?;
        let tests = self.tests(tests_entry);
        Some(Lesson {
            id: id?,
            title: title?,
            requires: requires?,
            files: files?,
            crates: crates?,
            unsafe_code: unsafe_code?,
            limits: bounds,
            tests: tests?,
            tests_at: tests_entry.key_at,
        })
    }

    fn requires(&mut self, fields: &Fields<'_>, earlier: usize) -> Option<Vec<LessonId>> {
        let ids: Vec<LessonId> = self.distinct(fields, "requires", "prerequisites")?;
        let nodes = fields.get("requires").and_then(|node| self.decoder.list(node, ""));
        for (id, node) in ids.iter().zip(nodes.unwrap_or_default()) {
            self.prerequisites.push(Prerequisite { earlier, id: id.clone(), at: node.id });
        }
        Some(ids)
    }

    fn files(&mut self, fields: &Fields<'_>) -> Option<Vec<StudentFile>> {
        match fields.get("files") {
            None => Some(vec!["src/lib.rs".parse().expect("a plain file under src")]),
            Some(node) => {
                self.decoder.items(node, "the files")?;
                self.distinct(fields, "files", "files")
            }
        }
    }

    fn tests(&mut self, entry: Entry<'_>) -> Option<Vec<Test>> {
        let items = self.decoder.items(entry.value, "the tests")?;
        let mut names = Vec::new();
        let tests: Vec<_> = items.iter().map(|node| self.test(node, &mut names)).collect();
        let tests: Vec<Test> = tests.into_iter().collect::<Option<_>>()?;
        let worth: Points = tests.iter().filter(|test| !test.extra).map(|test| test.points).sum();
        if worth == Points::ZERO {
            self.decoder.problem(
                entry.key_at,
                "the tests are worth nothing; give points to one that is not extra credit",
            );
            return None;
        }
        Some(tests)
    }

    fn test(&mut self, node: &Node, names: &mut Vec<TestName>) -> Option<Test> {
        let fields = self.decoder.fields(node, "a test", &TEST)?;
        let name_node = self.decoder.require(&fields, "name");
        let name = name_node.and_then(|node| {
            let name: TestName = self.decoder.parse(node, "the name of a test")?;
            if names.contains(&name) {
                self.decoder
                    .problem(node.id, format!("the test `{name}` is listed twice; keep one"));
                return None;
            }
            names.push(name.clone());
            Some(name)
        });
        let points = self.required(&fields, "points", points);
        let title = optional(&fields, "title", |node| title(&mut self.decoder, node).map(Some));
        let visibility: Option<Visibility> = optional(&fields, "visibility", |node| {
            self.decoder.word(node, "visibility", &Visibility::WORDS)
        });
        let extra = optional(&fields, "extra", |node| self.decoder.boolean(node, "extra"));
        let hint = optional(&fields, "hint", |node| hint(&mut self.decoder, node).map(Some));
        Some(Test {
            name: name?,
            points: points?,
            title: title?,
            visibility: visibility?,
            extra: extra?,
            hint: hint?.map(|hint: Hint| hint.over(&self.hint)),
            name_at: name_node?.id,
        })
    }

    /// What the lesson `id` says about its grade.
    #[cfg(feature = "policies")]
    fn terms(&mut self, fields: &Fields<'_>, id: &LessonId) {
        let zone = self.policies.zone;
        let due = fields.get("due");
        if let Some(due) =
            due.and_then(|node| crate::read_policy::due(&mut self.decoder, node, zone))
        {
            self.policies.due.insert(id.clone(), due);
        }
        let extra = optional(fields, "extra", |node| self.decoder.boolean(node, "extra"));
        if extra == Some(true) {
            self.policies.extra.insert(id.clone());
        }
    }

    #[cfg(feature = "policies")]
    fn check_named(&mut self) {
        for (id, at) in std::mem::take(&mut self.named) {
            if !self.lessons.contains(&id) {
                let message = self.no_lesson(&id);
                self.decoder.problem(at, message);
            }
        }
    }

    fn no_lesson(&self, id: &LessonId) -> String {
        let names = self.lessons.iter().map(LessonId::as_str);
        match closest(id.as_str(), names) {
            Some(near) => format!("there is no lesson `{id}`; did you mean `{near}`?"),
            None => format!("there is no lesson `{id}`"),
        }
    }

    fn check_prerequisites(&mut self) {
        for Prerequisite { earlier, id, at } in std::mem::take(&mut self.prerequisites) {
            let known = self.lessons.iter().position(|lesson| *lesson == id);
            let message = match known {
                Some(index) if index < earlier => continue,
                Some(index) if index == earlier => format!("`{id}` requires itself"),
                Some(_) => format!("`{id}` comes later; a lesson requires only earlier ones"),
                None => self.no_lesson(&id),
            };
            self.decoder.problem(at, message);
        }
    }

    fn required<'n, T>(
        &mut self,
        fields: &Fields<'n>,
        key: &str,
        read: impl FnOnce(&mut Decoder, &'n Node) -> Option<T>,
    ) -> Option<T> {
        let node = self.decoder.require(fields, key)?;
        read(&mut self.decoder, node)
    }

    /// Adds `id` to those that were seen; an id that was seen before is a problem.
    fn note_new<T: Clone + PartialEq + std::fmt::Display>(
        &mut self,
        id: &T,
        node: &Node,
        seen: impl FnOnce(&mut Self) -> &mut Vec<T>,
        what: &str,
    ) -> Option<T> {
        let seen = seen(self);
        if seen.contains(id) {
            let message = format!("{what} `{id}` is defined twice; give each {what} its own id");
            self.decoder.problem(node.id, message);
            return None;
        }
        seen.push(id.clone());
        Some(id.clone())
    }

    /// An optional list of different names.
    fn distinct<T>(&mut self, fields: &Fields<'_>, key: &str, what: &str) -> Option<Vec<T>>
    where
        T: std::str::FromStr<Err: std::fmt::Display> + PartialEq + std::fmt::Display,
    {
        let Some(node) = fields.get(key) else { return Some(Vec::new()) };
        let (mut values, mut sound) = (Vec::new(), true);
        for item in self.decoder.list(node, what)? {
            match self.decoder.parse::<T>(item, "each name") {
                Some(value) if values.contains(&value) => {
                    self.decoder.problem(item.id, format!("`{value}` is listed twice; keep one"));
                    sound = false;
                }
                Some(value) => values.push(value),
                None => sound = false,
            }
        }
        sound.then_some(values)
    }
}

/// The value of a key that may be absent, and then is the default.
fn optional<'n, T: Default>(
    fields: &Fields<'n>,
    key: &str,
    read: impl FnOnce(&'n Node) -> Option<T>,
) -> Option<T> {
    fields.get(key).map_or_else(|| Some(T::default()), read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Attempts;
    use crate::read_policy::{LATE, REQUIRED};
    use crate::read_value::{LIMITS, TEXT, failures};

    #[test]
    fn the_schema_offers_exactly_the_keys_that_are_read() {
        let schema: serde_json::Value = serde_json::from_str(crate::schema()).unwrap();
        let offered = |at: &str| -> Vec<String> {
            let properties = schema.pointer(at).and_then(|properties| properties.as_object());
            properties.expect(at).keys().cloned().collect()
        };
        let verdicts: Vec<_> = failures().map(|verdict| verdict.as_str()).chain(["any"]).collect();
        let mappings: [(&str, &[&str]); 10] = [
            ("/$defs/course/properties", &COURSE),
            ("/$defs/policies/properties", &POLICIES),
            ("/$defs/policies/properties/late/items/properties", &LATE),
            ("/$defs/policies/properties/required/properties", &REQUIRED),
            ("/$defs/unit/properties", &UNIT),
            ("/$defs/lesson/properties", &LESSON),
            ("/$defs/test/properties", &TEST),
            ("/$defs/limits/properties", &LIMITS),
            ("/$defs/title/properties", &TEXT),
            ("/$defs/hint/anyOf/1/properties", &verdicts),
        ];
        for (at, read) in mappings {
            let mut read = read.to_vec();
            read.sort_unstable();
            let mut offered = offered(at);
            offered.sort_unstable();
            assert_eq!(offered, read, "{at}");
        }
    }

    #[test]
    fn the_schema_offers_exactly_the_words_that_are_read() {
        let schema: serde_json::Value = serde_json::from_str(crate::schema()).unwrap();
        let words = |key: &str| schema.pointer(key).expect(key).clone();
        let read = Visibility::WORDS.map(|(word, _)| word);
        assert_eq!(words("/$defs/test/properties/visibility/enum"), serde_json::json!(read));
        let read = Attempts::WORDS.map(|(word, _)| word);
        let offered = words("/$defs/policies/properties/attempts/enum");
        assert_eq!(offered, serde_json::json!(read));
        let mut read = Permission::WORDS.map(|(word, _)| word);
        read.sort_unstable();
        assert_eq!(words("/$defs/lesson/properties/unsafe/enum"), serde_json::json!(read));
    }
}
