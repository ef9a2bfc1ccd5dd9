//! What a lesson must say to its students, and have beside it.

use std::path::Path;

use course::Lesson;

use crate::check::Unsound;

/// Hints that a README holds at the least, each in a block of its own.
const HINTS: usize = 3;

/// Known-wrong submissions that a lesson has at the least.
const MISTAKES: usize = 3;

/// What is missing of `lesson`, whose submissions lie in folders called `submissions`.
pub(crate) fn problems(root: &Path, lesson: &Lesson, submissions: &[String]) -> Vec<Unsound> {
    let unsound = |part: &str, problem: String| Unsound {
        lesson: lesson.id.clone(),
        part: part.to_owned(),
        problem,
    };
    let mut problems = Vec::new();
    for readme in ["README.md", "README.zh.md"] {
        let part = format!("exercises/{}/{readme}", lesson.id);
        let text = std::fs::read_to_string(root.join(&part)).unwrap_or_default();
        let problem = readme_problem(&text);
        problems.extend(problem.map(|problem| unsound(&part, problem)));
    }
    for folder in ["exercises", "solutions"] {
        for file in &lesson.files {
            let part = format!("{folder}/{}/{}", lesson.id, file.as_path().display());
            let text = std::fs::read_to_string(root.join(&part)).unwrap_or_default();
            problems.extend(unwritten(&text).map(|problem| unsound(&part, problem)));
        }
    }
    for test in lesson.tests.iter().filter(|test| test.hint.is_none()) {
        let problem = "has no hint; say what to try when it fails".to_owned();
        problems.push(unsound(&format!("course.yaml, test {}", test.name), problem));
    }
    let part = format!("tests/submissions/{}", lesson.id);
    let (right, wrong): (Vec<_>, Vec<_>) =
        submissions.iter().partition(|folder| folder.starts_with("ok-"));
    if right.is_empty() {
        let problem = "has no ok-<design>; a check that accepts the reference alone is wrong";
        problems.push(unsound(&part, problem.to_owned()));
    }
    if wrong.len() < MISTAKES {
        let problem = format!(
            "has {} known-wrong submissions; add {MISTAKES} or more, each with its verdict",
            wrong.len()
        );
        problems.push(unsound(&part, problem));
    }
    problems
}

fn readme_problem(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some("is missing; students learn from it".to_owned());
    }
    let hints = text.matches("<details>").count();
    unwritten(text).or_else(|| {
        (hints < HINTS)
            .then(|| format!("has {hints} hints in <details>; give {HINTS} of rising directness"))
    })
}

/// The first line that its author has still to write.
fn unwritten(text: &str) -> Option<String> {
    let line = text.lines().position(|line| line.contains(scaffold::TO_WRITE))?;
    Some(format!("line {} says `{}`; fill it in", line + 1, scaffold::TO_WRITE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readme_is_complete_with_three_hints_and_nothing_left_to_write() {
        let hint = "<details><summary>s</summary>t</details>\n";
        assert_eq!(readme_problem(&hint.repeat(3)), None);
        assert!(readme_problem(&hint.repeat(2)).unwrap().contains("has 2 hints"));
        assert!(readme_problem("").unwrap().contains("is missing"));
        let text = format!("# Title\n{}: more\n{}", scaffold::TO_WRITE, hint.repeat(3));
        assert!(readme_problem(&text).unwrap().starts_with("line 2 says"));
    }
}
