//! Begins a new lesson: the smallest one that builds, and that `course check` then
//! guides to completion.

use std::io;
use std::path::{Path, PathBuf};

use course::{Course, LessonId, UnitId};
use thiserror::Error;

/// Why a lesson cannot be begun.
#[derive(Debug, Error)]
pub enum ScaffoldError {
    /// There is one of that name.
    #[error("the course has a lesson `{0}` already; choose another name")]
    Taken(LessonId),
    /// There is something in its place.
    #[error("{} exists already; move it away or choose another name", .0.display())]
    Exists(PathBuf),
    /// No such unit.
    #[error("no unit `{unit}` in course.yaml; its units are: {units}")]
    NoUnit {
        /// What was asked for.
        unit: String,
        /// What there is.
        units: String,
    },
    /// `course.yaml` is not written as blocks.
    #[error("cannot find where unit `{0}` ends in course.yaml; write its lessons in block style")]
    Layout(UnitId),
    /// A file cannot be read or written.
    #[error("cannot write {path}: {source}", path = path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A lesson that is about to begin: the text of each of its files, by path in the course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    files: Vec<(PathBuf, String)>,
    course_file: String,
}

/// Drafts the lesson `id` at the end of `unit`, or of the last unit, of the course whose
/// `course.yaml` reads `text`.
pub fn draft(
    course: &Course,
    text: &str,
    id: &LessonId,
    unit: Option<&str>,
) -> Result<Draft, ScaffoldError> {
    if course.lesson(id.as_str()).is_some() {
        return Err(ScaffoldError::Taken(id.clone()));
    }
    let unit = match unit {
        None => course.units.last().expect("a course has a unit"),
        Some(name) => {
            course.units.iter().find(|unit| unit.id.as_str() == name).ok_or_else(|| {
                let units: Vec<_> = course.units.iter().map(|unit| unit.id.as_str()).collect();
                ScaffoldError::NoUnit { unit: name.to_owned(), units: units.join(", ") }
            })?
        }
    };
    let fill = |template: &str| fill(template, id);
    let item = fill(include_str!("../templates/course.yaml.in"));
    let course_file = insert(text, unit.id.as_str(), &item)
        .ok_or_else(|| ScaffoldError::Layout(unit.id.clone()))?;
    let name = id.as_str();
    let crate_name = name.replace('-', "_");
    let files = [
        (format!("exercises/{name}/Cargo.toml"), include_str!("../templates/Cargo.toml.in")),
        (format!("exercises/{name}/README.md"), include_str!("../templates/README.md.in")),
        (format!("exercises/{name}/README.zh.md"), include_str!("../templates/README.zh.md.in")),
        (format!("exercises/{name}/src/lib.rs"), include_str!("../templates/stub.rs.in")),
        (format!("exercises/{name}/src/main.rs"), include_str!("../templates/main.rs.in")),
        (
            format!("exercises/{name}/tests/{crate_name}.rs"),
            include_str!("../templates/tests.rs.in"),
        ),
        (format!("solutions/{name}/src/lib.rs"), include_str!("../templates/stub.rs.in")),
    ];
    let files = files.into_iter().map(|(path, template)| (path.into(), fill(template))).collect();
    Ok(Draft { files, course_file })
}

impl Draft {
    /// Writes it into the course at `root`; `course.yaml` last, so that a failure before
    /// leaves the course as it was.
    pub fn write(&self, root: &Path) -> Result<Vec<PathBuf>, ScaffoldError> {
        for (path, _) in &self.files {
            let path = root.join(path);
            if path.exists() {
                return Err(ScaffoldError::Exists(path));
            }
        }
        for (path, text) in &self.files {
            write(&root.join(path), text)?;
        }
        write(&root.join(course::FILE), &self.course_file)?;
        Ok(self.files.iter().map(|(path, _)| path.clone()).collect())
    }
}

fn write(path: &Path, text: &str) -> Result<(), ScaffoldError> {
    let failed = |source| ScaffoldError::Write { path: path.to_owned(), source };
    let folder = path.parent().expect("every file is in the course's folder");
    std::fs::create_dir_all(folder).map_err(failed)?;
    std::fs::write(path, text).map_err(failed)
}

fn fill(template: &str, id: &LessonId) -> String {
    let crate_name = id.as_str().replace('-', "_");
    template.replace("{id}", id.as_str()).replace("{crate}", &crate_name)
}

/// Puts `item`, a lesson in block style, behind the last line of the unit called `unit`.
fn insert(text: &str, unit: &str, item: &str) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let start = lines.iter().position(|line| {
        line.trim_start().strip_prefix("- id:").is_some_and(|id| id.trim() == unit)
    })?;
    let depth = indent(lines[start]);
    let inside = |line: &&&str| line.trim().is_empty() || indent(line) > depth;
    let mut end = start + 1 + lines[start + 1..].iter().take_while(inside).count();
    while lines[end - 1].trim().is_empty() {
        end -= 1;
    }
    let lesson = lines[start..end]
        .iter()
        .skip(1)
        .find(|line| line.trim_start().starts_with("- id:"))
        .map(|line| indent(line))?;
    let item: Vec<String> = item
        .lines()
        .map(|line| if line.is_empty() { String::new() } else { " ".repeat(lesson) + line })
        .collect();
    let item: Vec<&str> = item.iter().map(String::as_str).collect();
    lines.splice(end..end, item);
    Some(lines.join("\n") + "\n")
}

/// What a new lesson says where its author has something to write.
pub const TO_WRITE: &str = "TO WRITE";

#[cfg(test)]
mod tests {
    use super::*;

    const COURSE: &str = "\
course: c
title: { en: C, zh: C }
units:
  - id: first
    title: { en: First, zh: F }
    lessons:
      - id: lock
        title: { en: L, zh: L }
        tests:
          - name: seen
            points: 1

  # About the second unit.
  - id: second
    title: { en: Second, zh: S }
    lessons:
      - id: last
        title: { en: L, zh: L }
        tests: [{ name: other, points: 1 }]
";

    fn course() -> Course {
        course::parse(COURSE, Path::new("course.yaml")).unwrap()
    }

    fn id(name: &str) -> LessonId {
        name.parse().unwrap()
    }

    #[test]
    fn the_lesson_comes_last_in_its_unit_and_the_course_still_reads() {
        for (unit, expected) in [
            (Some("first"), ["lock", "rendezvous", "last"]),
            (None, ["lock", "last", "rendezvous"]),
        ] {
            let draft = draft(&course(), COURSE, &id("rendezvous"), unit).unwrap();
            let read = course::parse(&draft.course_file, Path::new("course.yaml")).unwrap();
            let lessons: Vec<_> = read.lessons().map(|lesson| lesson.id.as_str()).collect();
            assert_eq!(lessons, expected);
            assert!(draft.course_file.contains("\n  # About the second unit.\n"));
        }
    }

    #[test]
    fn a_name_that_is_taken_and_a_unit_that_is_unknown_are_refused() {
        let error = draft(&course(), COURSE, &id("lock"), None).unwrap_err();
        assert!(matches!(error, ScaffoldError::Taken(_)));
        let error = draft(&course(), COURSE, &id("new"), Some("third")).unwrap_err();
        assert!(error.to_string().contains("first, second"), "{error}");
    }

    #[test]
    fn nothing_is_overwritten() {
        let root = tempfile::tempdir().unwrap();
        let stub = root.path().join("exercises/new/src/lib.rs");
        write(&stub, "mine").unwrap();
        let error = draft(&course(), COURSE, &id("new"), None).unwrap().write(root.path());
        assert!(matches!(error, Err(ScaffoldError::Exists(_))));
        assert_eq!(std::fs::read_to_string(stub).unwrap(), "mine");
        assert!(!root.path().join("course.yaml").exists());
    }
}
