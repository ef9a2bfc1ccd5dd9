//! Puts mistakes into the solutions, one at a time, and sees which the tests notice.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use course::{Language, Lesson, LessonId};
use intake::{Attempt, FileAt, Place, StudentName, Submission};
use mutation::{Mutant, mutants};
use observation::Verdict;
use report::TestStatus;
use serde::Deserialize;
use thiserror::Error;

use crate::Workshop;
use crate::class::{Event, Graded, Way, grade_all};
use crate::score::score;

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A test fails: its name, and the verdict on the whole.
    Killed(String, Verdict),
    /// The compiler refuses it, so no student can hand it in.
    Unviable,
    /// Every test passes, and should: the reason is on the list.
    Equivalent(String),
    /// It is on the list of equivalent mutants, and yet this test fails.
    Mislisted(String),
    /// Every test passes.
    Survived,
    /// It could not be graded, and why.
    NotGradable(String),
}

/// A mutant of a lesson's solution with its fate.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The lesson.
    pub lesson: LessonId,
    /// The solution with one mistake.
    pub mutant: Mutant,
    /// What became of it.
    pub fate: Fate,
}

/// Why mutants cannot be tried.
#[derive(Debug, Error)]
pub enum MutateError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A solution is not understood.
    #[error("{path}: {source}", path = path.display())]
    Parse {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: syn::Error,
    },
    /// A list of equivalent mutants is not understood.
    #[error("{path}: {source}; write operator, function, before and reason", path = path.display())]
    List {
        /// Which.
        path: PathBuf,
        /// What is wrong, with line and column.
        source: serde_yaml::Error,
    },
    /// An entry of such a list fits no mutant.
    #[error("{path}: no mutant `{entry}`; take the entry out", path = path.display())]
    Stale {
        /// Which list.
        path: PathBuf,
        /// The operator, the function and what stood there.
        entry: String,
    },
    /// An entry of such a list fits mutants of several lines.
    #[error("{path}: `{entry}` fits several lines; add `within`, the text of one", path = path.display())]
    Ambiguous {
        /// Which list.
        path: PathBuf,
        /// The operator, the function and what stood there.
        entry: String,
    },
}

/// A mutant that makes no difference, in `tests/mutants/<lesson>.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Equivalent {
    operator: String,
    function: String,
    before: String,
    /// The line of the solution in which it is, where the function has several such places.
    within: Option<String>,
    /// Why no test can, or need, tell it from the solution.
    reason: String,
}

impl Equivalent {
    fn fits(&self, mutant: &Mutant, within: &str) -> bool {
        self.operator == mutant.operator.name()
            && self.function == mutant.function
            && self.before == mutant.before
            && self.within.as_ref().is_none_or(|line| line == within)
    }
}

impl fmt::Display for Equivalent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} in {}: {}", self.operator, self.function, self.before)
    }
}

/// A mutant that waits for its verdict.
#[derive(Clone, Debug)]
pub struct Planned {
    lesson: LessonId,
    file: PathBuf,
    mutant: Mutant,
    equivalent: Option<String>,
}

impl Planned {
    /// As reports call it: `notify in Queue::put, line 46`.
    pub fn name(&self) -> String {
        let Mutant { operator, function, line, .. } = &self.mutant;
        format!("{operator} in {function}, line {line}")
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mutant { before, after, .. } = &self.mutant;
        write!(formatter, "{}: {}: {before} -> {after}", self.lesson, self.name())?;
        match &self.equivalent {
            Some(reason) => write!(formatter, " (on the list: {reason})"),
            None => Ok(()),
        }
    }
}

/// The mutants of the solutions of `lessons` in the course at `root`.
pub fn plan(root: &Path, lessons: &[&Lesson]) -> Result<Vec<Planned>, MutateError> {
    let mut planned = Vec::new();
    for lesson in lessons {
        let id = &lesson.id;
        let list = root.join("tests/mutants").join(format!("{id}.yaml"));
        let equivalents = read_list(&list)?;
        // The lines that each entry fits.
        let mut fitted = vec![BTreeSet::new(); equivalents.len()];
        for file in &lesson.files {
            let path = root.join("solutions").join(id.as_str()).join(file.as_path());
            let source = read(&path)?;
            let parsed = mutants(&source);
            let parsed = parsed.map_err(|source| MutateError::Parse { path, source })?;
            for mutant in parsed {
                let within = source.lines().nth(mutant.line - 1).unwrap_or_default().trim();
                let place = equivalents.iter().position(|listed| listed.fits(&mutant, within));
                let equivalent = place.map(|place| {
                    fitted[place].insert((file.as_path(), mutant.line));
                    equivalents[place].reason.clone()
                });
                let (lesson, file) = (id.clone(), file.as_path().to_owned());
                planned.push(Planned { lesson, file, mutant, equivalent });
            }
        }
        for (listed, lines) in equivalents.iter().zip(&fitted) {
            let (path, entry) = (list.clone(), listed.to_string());
            match lines.len() {
                0 => return Err(MutateError::Stale { path, entry }),
                1 => {}
                _ => return Err(MutateError::Ambiguous { path, entry }),
            }
        }
    }
    Ok(planned)
}

/// Grades every mutant; the fates stand in the order of `planned`.
pub fn mutate(
    workshop: &Workshop,
    planned: &[Planned],
    way: Way<'_>,
    tell: &(dyn Fn(Event<'_>) + Sync),
) -> Vec<Tried> {
    let submissions: Vec<_> = planned.iter().map(submission).collect();
    let graded = grade_all(workshop, &submissions, way, tell);
    let tried = |(planned, graded): (&Planned, &Graded<'_>)| {
        let Planned { lesson, mutant, equivalent, .. } = planned.clone();
        let fate = match (fate(workshop, graded), equivalent) {
            (Fate::Survived, Some(reason)) => Fate::Equivalent(reason),
            (Fate::Killed(test, _), Some(_)) => Fate::Mislisted(test),
            (fate, _) => fate,
        };
        Tried { lesson, mutant, fate }
    };
    planned.iter().zip(&graded).map(tried).collect()
}

fn submission(planned: &Planned) -> Submission {
    let Planned { lesson, file, mutant, .. } = planned;
    let student = planned.name();
    let files = vec![FileAt { path: file.clone(), at: Place::Here(mutant.text.clone()) }];
    Submission {
        student: StudentName::new(&student),
        lesson: lesson.clone(),
        attempt: Attempt::default(),
        files: Ok(files),
    }
}

fn fate(workshop: &Workshop, graded: &Graded<'_>) -> Fate {
    let lesson = workshop.lesson(&graded.submission.lesson);
    let result = score(graded, lesson, Language::En);
    let failed = result.tests.iter().find(|test| test.status == TestStatus::Failed);
    match (result.verdict, failed) {
        (Verdict::Pass, _) => Fate::Survived,
        (Verdict::DoesNotCompile | Verdict::Forbidden, None) => Fate::Unviable,
        (Verdict::NotGradable, _) => Fate::NotGradable(result.message.unwrap_or_default()),
        (verdict, Some(test)) => Fate::Killed(test.name.to_string(), verdict),
        (verdict, None) => Fate::Killed("the compiler".to_owned(), verdict),
    }
}

fn read_list(path: &Path) -> Result<Vec<Equivalent>, MutateError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let list = serde_yaml::from_str(&read(path)?);
    list.map_err(|source| MutateError::List { path: path.to_owned(), source })
}

fn read(path: &Path) -> Result<String, MutateError> {
    let failed = |source| MutateError::Read { path: path.to_owned(), source };
    std::fs::read_to_string(path).map_err(failed)
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
        tests: [{ name: t, points: 1 }]
";

    const SOLUTION: &str = "\
pub fn wake(c: &Condvar) {
    c.notify_all();
}

pub fn twice(c: &Condvar, d: &Condvar) {
    c.notify_one();
    d.notify_one();
}
";

    fn plan_with(list: &str) -> Result<Vec<Planned>, MutateError> {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("solutions/lock/src/lib.rs", SOLUTION);
        write("tests/mutants/lock.yaml", list);
        let course = course::parse(COURSE, Path::new("course.yaml")).unwrap();
        plan(root.path(), &[course.lesson("lock").unwrap()])
    }

    #[test]
    fn a_listed_mutant_is_equivalent_with_its_reason_and_others_are_not() {
        let list =
            "- operator: notify\n  function: wake\n  before: notify_all\n  reason: one waits\n";
        let planned = plan_with(list).unwrap();
        let listed: Vec<_> =
            planned.iter().filter(|planned| planned.equivalent.is_some()).collect();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].name(), "notify in wake, line 2");
        assert_eq!(listed[0].equivalent.as_deref(), Some("one waits"));
    }

    #[test]
    fn an_entry_that_fits_no_mutant_is_an_error() {
        let list = "- operator: notify\n  function: sleep\n  before: notify_all\n  reason: none\n";
        let error = plan_with(list).unwrap_err();
        assert!(error.to_string().contains("no mutant `notify in sleep: notify_all`"), "{error}");
    }

    #[test]
    fn an_entry_that_fits_two_lines_says_in_which_it_is() {
        let entry = "- operator: notify\n  function: twice\n  before: notify_one\n  reason: none\n";
        let error = plan_with(entry).unwrap_err();
        assert!(error.to_string().contains("fits several lines"), "{error}");
        let planned = plan_with(&format!("{entry}  within: d.notify_one();\n")).unwrap();
        let listed: Vec<_> = planned.iter().filter(|it| it.equivalent.is_some()).collect();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].name(), "notify in twice, line 7");
    }
}
