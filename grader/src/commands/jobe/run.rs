use std::path::{Component, Path, PathBuf};

use intake::SourceFile;
use serde_json::{Value, json};

use super::files::Files;

/// What a client asks to be run.
#[derive(Debug)]
pub(super) struct RunSpec {
    pub(super) language: String,
    /// By the template's first line.
    pub(super) lesson: Option<String>,
    source: String,
    /// Names of files that were put here before, and where they belong.
    files: Vec<(String, PathBuf)>,
}

/// What the template's first line begins with. It comes before all that a student writes.
const LESSON: &str = "// lesson:";

impl RunSpec {
    /// Reads `{"run_spec": {...}}`.
    pub(super) fn read(body: &str) -> Result<Self, String> {
        let body: Value =
            serde_json::from_str(body).map_err(|error| format!("the body is not JSON: {error}"))?;
        let spec = &body["run_spec"];
        let text = |key: &str| {
            spec[key].as_str().map(str::to_owned).ok_or_else(|| format!("run_spec has no {key}"))
        };
        let (language, whole) = (text("language_id")?, text("sourcecode")?);
        let (first, rest) = whole.split_once('\n').unwrap_or((&whole, ""));
        let (lesson, source) = match first.trim().strip_prefix(LESSON) {
            Some(lesson) => (Some(lesson.trim().to_owned()), rest.to_owned()),
            None => (None, whole.clone()),
        };
        let entries = spec["file_list"].as_array().into_iter().flatten();
        let files: Option<Vec<_>> = entries.map(entry).collect();
        let files = files.ok_or("file_list holds pairs of an id and a name")?;
        Ok(Self { language, lesson, source, files })
    }

    /// The first file that was not put here.
    pub(super) fn missing(&self, files: &Files) -> Option<&str> {
        let mut missing = self.files.iter().filter(|(id, _)| files.get(id).is_none());
        missing.next().map(|(id, _)| id.as_str())
    }

    /// The submission: the answer is `src/lib.rs`, and other files lie beside it.
    pub(super) fn files(&self, files: &Files) -> Vec<SourceFile> {
        let answer = SourceFile { path: "src/lib.rs".into(), text: self.source.clone() };
        let others = self.files.iter().filter_map(|(id, name)| {
            let text = String::from_utf8(files.get(id)?.to_vec()).ok()?;
            Some(SourceFile { path: Path::new("src").join(name), text })
        });
        // The answer comes last: no file of its name takes its place.
        others.chain([answer]).collect()
    }
}

fn entry(entry: &Value) -> Option<(String, PathBuf)> {
    let id = entry[0].as_str()?.to_owned();
    let name = PathBuf::from(entry[1].as_str()?);
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    (name.components().count() > 0 && name.components().all(plain)).then_some((id, name))
}

/// How a run came out, in Jobe's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// There is a result, whatever the grade.
    Ok,
    /// A fault of ours.
    Internal,
    /// Too many submissions wait.
    Overload,
}

impl Outcome {
    /// The answer to a request. Nothing is ever in `stderr`, which would become a runtime error.
    pub(super) fn reply(self, stdout: &str) -> String {
        let number = match self {
            Self::Ok => 15,
            Self::Internal => 20,
            Self::Overload => 21,
        };
        json!({ "run_id": null, "outcome": number, "cmpinfo": "", "stdout": stdout, "stderr": "" })
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(spec: Value) -> Result<RunSpec, String> {
        RunSpec::read(&json!({ "run_spec": spec }).to_string())
    }

    #[test]
    fn the_first_line_says_the_lesson_and_is_no_part_of_the_answer() {
        let source = "// lesson: lock\npub fn f() {}\n// lesson: other\n";
        let spec = read(json!({ "language_id": "rust", "sourcecode": source })).unwrap();
        assert_eq!(spec.lesson.as_deref(), Some("lock"));
        assert_eq!(spec.files(&Files::default())[0].text, "pub fn f() {}\n// lesson: other\n");
    }

    #[test]
    fn what_is_no_run_is_refused_with_a_reason() {
        for spec in [
            json!(null),
            json!({ "language_id": "rust" }),
            json!({ "language_id": 1, "sourcecode": "" }),
            json!({ "language_id": "rust", "sourcecode": "", "file_list": [["a", "../x"]] }),
            json!({ "language_id": "rust", "sourcecode": "", "file_list": ["a"] }),
        ] {
            assert!(read(spec.clone()).is_err(), "{spec}");
        }
    }

    #[test]
    fn a_file_that_was_not_put_here_is_named() {
        let files = json!([["id1", "more.rs"]]);
        let spec = json!({ "language_id": "rust", "sourcecode": "x", "file_list": files });
        let spec = read(spec).unwrap();
        let mut known = Files::default();
        assert_eq!(spec.missing(&known), Some("id1"));
        known.put("id1", r#"{"file_contents": "YQ=="}"#).unwrap();
        assert_eq!(spec.missing(&known), None);
        assert_eq!(spec.files(&known)[0].path, Path::new("src/more.rs"));
    }
}
