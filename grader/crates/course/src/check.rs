use std::collections::BTreeSet;
use std::sync::Arc;

use crate::decode::closest;
use crate::error::{CourseErrors, Problem};
use crate::model::{Course, Lesson};

impl Course {
    /// Compares the tests that `lesson` lists with those that its test binaries really have.
    ///
    /// `names` are as the test binaries print them, those of all test targets together.
    /// Points for a test that does not exist, a test without points, and a name that two
    /// test targets share are problems, at the place in the course file where to mend them.
    pub fn check_tests(
        &self,
        lesson: &Lesson,
        names: &[impl AsRef<str>],
    ) -> Result<(), CourseErrors> {
        let mut problems = Vec::new();
        let mut seen = BTreeSet::new();
        let mut at_tests = |message| {
            problems.push(Problem::at_node(&self.source, lesson.tests_at, message));
        };
        for name in names.iter().map(AsRef::as_ref) {
            if !seen.insert(name) {
                at_tests(format!(
                    "two test targets of `{}` have a test `{name}`; rename one",
                    lesson.id
                ));
            } else if lesson.test(name).is_none() {
                at_tests(format!(
                    "the test `{name}` of `{}` has no points; list it here",
                    lesson.id
                ));
            }
        }
        for test in lesson.tests.iter().filter(|test| !seen.contains(test.name.as_str())) {
            let free = seen.iter().copied().filter(|name| lesson.test(name).is_none());
            let advice = match closest(test.name.as_str(), free) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "remove it, or write the test".to_owned(),
            };
            let message = format!(
                "`{}` has no test `{}`, so nobody can earn its points; {advice}",
                lesson.id, test.name
            );
            problems.push(Problem::at_node(&self.source, test.name_at, message));
        }
        match problems.is_empty() {
            true => Ok(()),
            false => Err(CourseErrors::new(Arc::clone(&self.source), problems)),
        }
    }
}
