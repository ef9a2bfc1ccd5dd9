//! What a lesson must say to its students.

use std::path::Path;

use course::Lesson;

use crate::check::Unsound;

/// Hints that a README holds at the least, each in a block of its own.
const HINTS: usize = 3;

/// Texts and hints of `lesson` that are missing.
pub(crate) fn problems(root: &Path, lesson: &Lesson) -> Vec<Unsound> {
    let mut problems = Vec::new();
    for readme in ["README.md", "README.zh.md"] {
        let part = format!("exercises/{}/{readme}", lesson.id);
        let text = std::fs::read_to_string(root.join(&part)).unwrap_or_default();
        let hints = text.matches("<details>").count();
        let problem = match text.trim().is_empty() {
            true => "is missing; students learn from it".to_owned(),
            false if hints < HINTS => {
                format!("has {hints} hints in <details>; give {HINTS} of rising directness")
            }
            false => continue,
        };
        problems.push(Unsound { lesson: lesson.id.clone(), part, problem });
    }
    let without = lesson.tests.iter().filter(|test| test.hint.is_none());
    problems.extend(without.map(|test| Unsound {
        lesson: lesson.id.clone(),
        part: format!("course.yaml, test {}", test.name),
        problem: "has no hint; say what to try when it fails".to_owned(),
    }));
    problems
}
