//! `results.json`: the whole report, for machines.

use std::fmt;
use std::io::{self, Read, Write};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::model::{GradedLesson, Report, Run, SCHEMA, Submission};
use crate::printable::printable_json;

/// Writes a report of any length, one submission after the other.
pub struct Writer<W: Write> {
    to: W,
    any: bool,
}

impl<W: Write> Writer<W> {
    /// Writes all that comes before the submissions.
    pub fn new(mut to: W, run: &Run, lessons: &[GradedLesson]) -> io::Result<Self> {
        let (schema, run, lessons) = (SCHEMA.to_owned(), run.clone(), lessons.to_vec());
        let head = render(&Report { schema, run, lessons, submissions: Vec::new() });
        let head = head.strip_suffix("[]\n}\n").expect("a report ends with its submissions");
        to.write_all(head.as_bytes())?;
        Ok(Self { to, any: false })
    }

    /// Writes the next submission; they come by student and then in teaching order.
    pub fn submission(&mut self, submission: &Submission) -> io::Result<()> {
        let text = serde_json::to_string_pretty(submission)?;
        let text = printable_json(&text).replace('\n', "\n    ");
        let front = if self.any { ",\n    " } else { "[\n    " };
        self.any = true;
        self.to.write_all(front.as_bytes())?;
        self.to.write_all(text.as_bytes())
    }

    /// Writes what comes after the submissions.
    pub fn finish(mut self) -> io::Result<W> {
        let end = if self.any { "\n  ]\n}\n" } else { "[]\n}\n" };
        self.to.write_all(end.as_bytes())?;
        Ok(self.to)
    }
}

/// Reads a report of any length: hands on one submission after the other.
///
/// The circumstances stand before the submissions, and come back after them.
pub fn read_each(
    from: impl Read,
    each: impl FnMut(Submission),
) -> Result<(Run, Vec<GradedLesson>), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_reader(from);
    let head = Document(each).deserialize(&mut json)?;
    json.end()?;
    Ok(head)
}

struct Document<F>(F);

/// All of a report but its submissions.
#[derive(Deserialize)]
struct Head {
    schema: String,
    #[serde(flatten)]
    run: Run,
    lessons: Vec<GradedLesson>,
}

impl<'de, F: FnMut(Submission)> DeserializeSeed<'de> for Document<F> {
    type Value = (Run, Vec<GradedLesson>);

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de, F: FnMut(Submission)> Visitor<'de> for Document<F> {
    type Value = (Run, Vec<GradedLesson>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the results of a run")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut head = serde_json::Map::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "submissions" => map.next_value_seed(Submissions(&mut self.0))?,
                _ => _ = head.insert(key, map.next_value()?),
            }
        }
        let head: Head = serde_json::from_value(head.into()).map_err(A::Error::custom)?;
        match head.schema == SCHEMA {
            true => Ok((head.run, head.lessons)),
            false => Err(A::Error::custom(format!(
                "this is `{}`, and only `{SCHEMA}` is known",
                head.schema
            ))),
        }
    }
}

struct Submissions<'a, F>(&'a mut F);

impl<'de, F: FnMut(Submission)> DeserializeSeed<'de> for Submissions<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(Submission)> Visitor<'de> for Submissions<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of submissions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(submission) = items.next_element()? {
            (self.0)(submission);
        }
        Ok(())
    }
}

/// The report as JSON text with a final line break.
pub fn render(report: &Report) -> String {
    let text = serde_json::to_string_pretty(report).expect("a report is plain data");
    printable_json(&text) + "\n"
}

/// Reads what [`render`] wrote; another version of the form is an error.
pub fn read(text: &str) -> Result<Report, serde_json::Error> {
    serde_json::from_str(text)
}

/// The JSON Schema of `results.json`.
pub fn schema() -> &'static str {
    include_str!("results.schema.json")
}

#[cfg(test)]
mod tests {
    use course::Language;
    use serde_json::{Value, json};

    use super::*;
    use crate::specimen::class;

    /// The keywords of JSON Schema that the published schema uses, checked by hand: a
    /// full validator would be the heaviest dependency of the project.
    fn faults(schema: &Value, root: &Value, value: &Value, at: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (keyword, rule) in schema.as_object().expect("a schema is an object") {
            let holds = match keyword.as_str() {
                "$ref" => {
                    let target = rule.as_str().and_then(|target| root.pointer(&target[1..]));
                    found.extend(faults(target.expect("defined"), root, value, at));
                    true
                }
                "type" => kinds(rule).iter().any(|kind| is(kind, value)),
                "const" => value == rule,
                "enum" => rule.as_array().expect("a list").contains(value),
                "minimum" => value.is_null() || value.as_f64() >= rule.as_f64(),
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        found.extend(faults(rule, root, item, &format!("{at}/{index}")));
                    }
                    true
                }
                "properties" => {
                    for (key, rule) in rule.as_object().expect("an object") {
                        let value = value.get(key);
                        let at = format!("{at}/{key}");
                        found.extend(
                            value.map(|value| faults(rule, root, value, &at)).into_iter().flatten(),
                        );
                    }
                    true
                }
                "required" => {
                    let keys = rule.as_array().expect("a list").iter();
                    keys.filter_map(Value::as_str).all(|key| value.get(key).is_some())
                }
                "additionalProperties" => {
                    assert_eq!(rule, &json!(false));
                    let known = schema["properties"].as_object().expect("an object");
                    value
                        .as_object()
                        .is_none_or(|object| object.keys().all(|key| known.contains_key(key)))
                }
                "$schema" | "$id" | "$defs" | "title" | "description" => true,
                other => panic!("teach this test the keyword `{other}`"),
            };
            if !holds {
                found.push(format!("{at}: {keyword} {rule}"));
            }
        }
        found
    }

    fn kinds(rule: &Value) -> Vec<&str> {
        match rule {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            kind => vec![kind.as_str().expect("a type is a word")],
        }
    }

    fn is(kind: &str, value: &Value) -> bool {
        match kind {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "number" => value.is_number(),
            "integer" => value.is_u64() || value.is_i64(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            other => panic!("`{other}` is no type"),
        }
    }

    fn faults_of(value: &Value) -> Vec<String> {
        let schema: Value = serde_json::from_str(schema()).unwrap();
        faults(&schema, &schema, value, "")
    }

    fn rendered() -> Value {
        serde_json::from_str(&render(&class(Language::En))).unwrap()
    }

    #[test]
    fn a_class_renders_to_its_results() {
        insta::assert_snapshot!(render(&class(Language::En)));
    }

    #[test]
    fn what_is_rendered_holds_to_the_schema() {
        for language in [Language::En, Language::Zh] {
            let value = serde_json::from_str(&render(&class(language))).unwrap();
            assert_eq!(faults_of(&value), Vec::<String>::new());
        }
    }

    #[test]
    fn the_schema_refuses_what_is_no_report() {
        for (at, wrong) in [
            ("/schema", json!("interleave/results/v0")),
            ("/submissions/0/status", json!("maybe")),
            ("/submissions/0/verdict", json!("passed")),
            ("/submissions/0/score", json!("10")),
            ("/submissions/0/score", json!(-1)),
            ("/submissions/0/attempts", json!(0)),
            ("/submissions/0/tests/0", json!({})),
            ("/submissions/0/tests/0/visibility", json!("after_due_date")),
            ("/submissions/4/tests/0/evidence/tally/runs", json!(0.5)),
            ("/lessons", json!(null)),
        ] {
            let mut value = rendered();
            *value.pointer_mut(at).expect(at) = wrong.clone();
            assert_ne!(faults_of(&value), Vec::<String>::new(), "{at} {wrong}");
        }
        let mut value = rendered();
        value["submissions"][0]["grade"] = json!("A");
        assert_ne!(faults_of(&value), Vec::<String>::new());
    }

    #[test]
    fn the_schema_knows_every_verdict() {
        let schema: Value = serde_json::from_str(schema()).unwrap();
        assert_eq!(schema["$defs"]["verdict"]["enum"], json!(observation::Verdict::ALL));
    }

    #[test]
    fn a_report_written_piece_by_piece_is_the_same_to_the_byte() {
        for report in [class(Language::En), Report { submissions: vec![], ..class(Language::Zh) }] {
            let mut writer = Writer::new(Vec::new(), &report.run, &report.lessons).unwrap();
            for submission in &report.submissions {
                writer.submission(submission).unwrap();
            }
            let written = String::from_utf8(writer.finish().unwrap()).unwrap();
            assert_eq!(written, render(&report));
        }
    }

    #[test]
    fn a_report_read_piece_by_piece_is_the_same_report() {
        let report = class(Language::En);
        let mut submissions = Vec::new();
        let text = render(&report);
        let (run, lessons) = read_each(text.as_bytes(), |each| submissions.push(each)).unwrap();
        assert_eq!(Report { schema: SCHEMA.to_owned(), run, lessons, submissions }, report);
        let other = text.replace("results/v1", "results/v2");
        assert!(read_each(other.as_bytes(), drop).unwrap_err().to_string().contains("only"));
        assert!(read_each(&text.as_bytes()[..text.len() / 2], drop).is_err());
    }

    #[test]
    fn another_version_is_not_read() {
        let text = render(&class(Language::En)).replace("results/v1", "results/v2");
        let error = read(&text).unwrap_err().to_string();
        assert!(error.starts_with("this is `interleave/results/v2`, and only"), "{error}");
    }

    #[test]
    fn results_hold_nothing_that_a_terminal_would_obey() {
        let text = render(&class(Language::En));
        assert!(!text.contains(|c: char| c == '\u{202e}' || c != '\n' && c.is_control()));
    }

    #[test]
    fn results_read_back_as_they_were_written() {
        let report = class(Language::Zh);
        assert_eq!(read(&render(&report)).unwrap(), report);
    }
}
