//! Finds the hint that the course gives for a failing test.

use std::path::{Path, PathBuf};

use course::Language;

use crate::Verdict;

/// The hint of course.yaml for the test that runs on this thread.
///
/// None outside a course, or where the course has none: a missing hint is no
/// reason to fail differently.
pub(crate) fn for_current_test(verdict: Verdict) -> Option<String> {
    // libtest names the thread after the test.
    let thread = std::thread::current();
    let test = thread.name()?.rsplit("::").next()?;
    let lesson = std::env::var("CARGO_PKG_NAME").ok()?;
    let folder = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?);
    let root = folder.ancestors().find(|folder| folder.join("course.yaml").is_file())?;
    look_up(root, &lesson, test, verdict)
}

fn look_up(root: &Path, lesson: &str, test: &str, verdict: Verdict) -> Option<String> {
    let course = course::load(root).ok()?;
    let hint = course.lesson(lesson)?.test(test)?.hint.as_ref()?.for_verdict(verdict)?;
    Some(hint.get(language()).to_owned())
}

/// Chinese where the environment says so, as other programs decide it.
fn language() -> Language {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok());
    if set.is_some_and(|language| language.starts_with("zh")) { Language::Zh } else { Language::En }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COURSE: &str = "
course: c
title: { en: Course, zh: 课程 }
units:
  - id: unit
    title: { en: Unit, zh: 单元 }
    lessons:
      - id: lock
        title: { en: Locks, zh: 锁 }
        tests:
          - name: balance
            points: 1
            hint: { deadlock: Order the locks., any: Look again. }
";

    #[test]
    fn the_hint_is_that_of_the_course_for_the_verdict() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("course.yaml"), COURSE).unwrap();
        let hint = |test, verdict| look_up(root.path(), "lock", test, verdict);
        assert_eq!(hint("balance", Verdict::Deadlock).as_deref(), Some("Order the locks."));
        assert_eq!(hint("balance", Verdict::Crash).as_deref(), Some("Look again."));
        assert_eq!(hint("other", Verdict::Crash), None);
    }
}
