//! What students must not see, and how it is kept back: whole test files, and the
//! items of `course.yaml` that speak of them.

use std::path::{Path, PathBuf};

use course::{Course, Lesson, Test, Visibility};

use crate::{EditionError, text_of};

/// A test target that is withheld.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target(String);

impl Target {
    /// Whether the file at `inside`, relative to the exercise, belongs to the target.
    pub(crate) fn owns(&self, inside: &Path) -> bool {
        let Self(name) = self;
        let snapshot = inside.starts_with("tests/snapshots")
            && inside
                .file_name()
                .is_some_and(|file| file.to_string_lossy().starts_with(&format!("{name}__")));
        snapshot || inside == Path::new("tests").join(format!("{name}.rs"))
    }
}

/// The test targets of the exercise in `folder` whose tests are all hidden.
pub(crate) fn targets(folder: &Path, lesson: &Lesson) -> Result<Vec<Target>, EditionError> {
    let mut withheld = Vec::new();
    let (hidden, shown): (Vec<_>, Vec<_>) = lesson.tests.iter().partition(|test| withhold(test));
    if hidden.is_empty() {
        return Ok(withheld);
    }
    for path in test_files(folder)? {
        let text = text_of(&path)?;
        let holds = |test: &&&Test| text.contains(&format!("fn {}(", test.name));
        let Some(first) = hidden.iter().find(holds) else { continue };
        if let Some(visible) = shown.iter().find(holds) {
            return Err(EditionError::Mixed {
                path,
                hidden: first.name.to_string(),
                visible: visible.name.to_string(),
            });
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        withheld.push(Target(name));
    }
    Ok(withheld)
}

/// The course file without the hidden tests; its other lines are untouched.
pub(crate) fn course_file(text: &str, course: &Course) -> Result<String, EditionError> {
    let hidden: Vec<&Test> = course.lessons().flat_map(|lesson| &lesson.tests).collect();
    let hidden = hidden.into_iter().filter(|test| withhold(test));
    let mut lines: Vec<&str> = text.lines().collect();
    for test in hidden {
        cut(&mut lines, test.name.as_str())
            .ok_or_else(|| EditionError::Course(test.name.to_string()))?;
    }
    Ok(lines.join("\n") + "\n")
}

/// What becomes visible later is in nobody's hands before.
fn withhold(test: &Test) -> bool {
    match test.visibility {
        Visibility::Visible => false,
        Visibility::Hidden | Visibility::AfterDue | Visibility::AfterPublished => true,
    }
}

/// Removes the item that starts with `- name: <name>`, up to the next line that is no
/// deeper than its dash; none if there is no such item.
fn cut(lines: &mut Vec<&str>, name: &str) -> Option<()> {
    let starts = |line: &&str| {
        let item = line.trim_start().strip_prefix("- name:");
        item.is_some_and(|rest| rest.trim() == name)
    };
    let start = lines.iter().position(starts)?;
    let depth = indent(lines[start]);
    let inside = |line: &&&str| line.trim().is_empty() || indent(line) > depth;
    let length = 1 + lines[start + 1..].iter().take_while(inside).count();
    // Blank lines before what follows belong to what follows.
    let blank = lines[start..start + length].iter().rev().take_while(|line| line.trim().is_empty());
    let end = start + length - blank.count();
    lines.drain(start..end);
    Some(())
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn test_files(folder: &Path) -> Result<Vec<PathBuf>, EditionError> {
    let tests = folder.join("tests");
    let failed = |source| EditionError::File { action: "read", path: tests.clone(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&tests).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COURSE: &str = "\
course: c
title: { en: C, zh: C }
units:
  - id: u
    title: { en: U, zh: U }
    lessons:
      - id: lock
        title: { en: L, zh: L }
        tests:
          - name: seen
            points: 1
          - name: unseen
            points: 2
            visibility: hidden
            hint:
              any: never told

          - name: later
            points: 1
            visibility: after-due
      - id: last
        title: { en: L, zh: L }
        tests: [{ name: other, points: 1 }]
";

    fn course() -> Course {
        course::parse(COURSE, Path::new("course.yaml")).unwrap()
    }

    #[test]
    fn hidden_tests_are_cut_out_of_the_course_and_nothing_else_is() {
        let text = course_file(COURSE, &course()).unwrap();
        let shown = course::parse(&text, Path::new("course.yaml")).unwrap();
        let names: Vec<_> = shown
            .lessons()
            .flat_map(|lesson| &lesson.tests)
            .map(|test| test.name.as_str())
            .collect();
        assert_eq!(names, ["seen", "other"]);
        assert!(!text.contains("unseen") && !text.contains("never told"), "{text}");
    }

    #[test]
    fn files_of_hidden_tests_are_withheld_with_their_snapshots() {
        let folder = tempfile::tempdir().unwrap();
        let tests = folder.path().join("tests");
        std::fs::create_dir(&tests).unwrap();
        std::fs::write(tests.join("lock.rs"), "#[test]\nfn seen() {}").unwrap();
        std::fs::write(tests.join("more.rs"), "#[test]\nfn unseen() {}\nfn later() {}").unwrap();
        let course = course();
        let withheld = targets(folder.path(), course.lesson("lock").unwrap()).unwrap();
        assert_eq!(withheld, [Target("more".to_owned())]);
        assert!(withheld[0].owns(Path::new("tests/snapshots/more__story.snap")));
        assert!(!withheld[0].owns(Path::new("tests/lock.rs")));
    }

    #[test]
    fn a_file_with_hidden_and_visible_tests_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let tests = folder.path().join("tests");
        std::fs::create_dir(&tests).unwrap();
        std::fs::write(tests.join("lock.rs"), "fn seen() {}\nfn unseen() {}").unwrap();
        let course = course();
        let error = targets(folder.path(), course.lesson("lock").unwrap()).unwrap_err();
        assert!(matches!(error, EditionError::Mixed { .. }), "{error}");
    }
}
