//! Proves a course sound: solutions pass, stubs fail, mistakes get their verdicts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use course::{Language, Lesson, LessonId};
use intake::{Attempt, FileAt, Place, StudentName, Submission, find_files};
use jail::Slot;
use observation::Verdict;
use report::TestStatus;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::class::{Event, Graded, Way, grade_all};
use crate::grade::{Outcome, Workshop};
use crate::idle::{EXITS, SLEEPS, idle};
use crate::score::score;

/// Something that makes a course unsound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unsound {
    /// The lesson.
    pub lesson: LessonId,
    /// The part of it: `solution`, `stub`, `tests/submissions/lock/no-lock`.
    pub part: String,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// What was looked at, and what is unsound.
#[derive(Clone, Debug, Serialize)]
pub struct Soundness {
    /// How many solutions, stubs and specimens were graded.
    pub graded: usize,
    /// Of how many of them the outcome was known from before.
    pub known: usize,
    /// Known-wrong submissions that failed in another way than they should, and did not when
    /// they were graded again: which of their tests fail is a matter of luck.
    pub unsteady: Vec<Unsound>,
    /// Empty if the course is sound.
    pub unsound: Vec<Unsound>,
}

/// Why a course cannot be checked at all.
#[derive(Debug, Error)]
pub enum CheckError {
    /// A folder or file of the course cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// An `expect.yaml` is not understood.
    #[error("{path}: {source}; write verdict, fails and about", path = path.display())]
    Expectation {
        /// Which.
        path: PathBuf,
        /// What is wrong, with line and column.
        source: serde_yaml::Error,
    },
}

/// What a specimen must get, as its `expect.yaml` says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectation {
    pub(crate) verdict: Verdict,
    /// The tests that fail whatever happens.
    fails: BTreeSet<String>,
    /// Tests of real runs that fail if the scheduler happens to show the mistake.
    #[serde(default)]
    may_fail: BTreeSet<String>,
    /// What its author got wrong, in a line.
    pub(crate) about: String,
    /// The arguments of a run that the book of the course draws.
    #[serde(default)]
    pub(crate) picture: Option<Vec<String>>,
    /// `about` in Chinese, which the book needs for a picture.
    #[serde(default)]
    pub(crate) about_zh: Option<String>,
}

impl Expectation {
    /// Whether this test fails always, or may fail.
    fn expects(&self, test: &str) -> bool {
        self.fails.contains(test) || self.may_fail.contains(test)
    }

    /// Whether a result's verdict is the right one, or that of a test which need not fail and
    /// did by luck.
    fn allows(&self, result: &report::Submission) -> bool {
        let by_luck = |test: &report::TestResult| {
            let may_fail = self.may_fail.contains(test.name.as_str());
            may_fail && test.status != TestStatus::Passed && test.verdict == result.verdict
        };
        result.verdict == self.verdict || result.tests.iter().any(by_luck)
    }
}

/// What is expected of one submission of the course's own.
pub(crate) enum Expected {
    FullMarks,
    Failure,
    /// Not a point: it does nothing.
    Nothing,
    Exactly(Expectation),
}

pub(crate) struct Specimen {
    pub(crate) part: String,
    pub(crate) expected: Expected,
}

/// Grades everything that the course says about `lessons` and compares.
pub fn check(
    root: &Path,
    workshop: &Workshop,
    lessons: &[LessonId],
    way: Way<'_>,
    tell: &(dyn Fn(Event<'_>) + Sync),
) -> Result<Soundness, CheckError> {
    let mut specimens = Vec::new();
    let (mut unsound, mut unsteady) = (Vec::new(), Vec::new());
    for lesson in lessons.iter().map(|id| workshop.lesson(id)) {
        specimens.extend(specimens_of(root, lesson)?);
        let names: Vec<_> = folders(&submissions_of(root, lesson))?
            .iter()
            .filter_map(|folder| Some(folder.file_name()?.to_string_lossy().into_owned()))
            .collect();
        unsound.extend(crate::check_text::problems(root, lesson, &names));
    }
    let (submissions, specimens): (Vec<_>, Vec<_>) = specimens.into_iter().unzip();
    let graded = grade_all(workshop, &submissions, way, tell);
    for (specimen, graded) in specimens.iter().zip(&graded) {
        let lesson = workshop.lesson(&graded.submission.lesson);
        let problems = compare(specimen, graded, lesson);
        let again = || grade_again(workshop, graded);
        let list = if !problems.is_empty() && is_luck(specimen, graded, lesson, again) {
            &mut unsteady
        } else {
            &mut unsound
        };
        let of =
            |problem| Unsound { lesson: lesson.id.clone(), part: specimen.part.clone(), problem };
        list.extend(problems.into_iter().map(of));
        unsound.extend(stale_snapshots(root, specimen, graded).map(of));
    }
    let known = graded.iter().filter(|graded| graded.duration.is_zero()).count();
    Ok(Soundness { graded: graded.len(), known, unsteady, unsound })
}

/// How often a known-wrong submission is graded again at the most, before a test that it failed
/// each time, and need not fail, is held to be no luck.
const TIMES_AGAIN: usize = 5;

/// Whether a known-wrong submission that failed, but not as it should, did so by luck: graded
/// again, twice at least, it fails all of `fails` each time, its verdict is once the right one,
/// and every other test passes once. One that passed, and a right one that failed, are never
/// excused.
fn is_luck<'a>(
    specimen: &Specimen,
    graded: &Graded<'a>,
    lesson: &Lesson,
    again: impl Fn() -> Graded<'a>,
) -> bool {
    let Expected::Exactly(expectation) = &specimen.expected else { return false };
    if expectation.verdict == Verdict::Pass {
        return false;
    }
    let first = score(graded, lesson, Language::En);
    let mut always = failed(&first);
    let mut right_verdict = expectation.allows(&first);
    if first.verdict == Verdict::Pass {
        return false;
    }
    for times in 1..=TIMES_AGAIN {
        let result = score(&again(), lesson, Language::En);
        let failed = failed(&result);
        if result.verdict == Verdict::Pass || !expectation.fails.is_subset(&failed) {
            return false;
        }
        right_verdict |= expectation.allows(&result);
        always.retain(|test| failed.contains(test));
        let no_other = always.iter().all(|test| expectation.expects(test));
        if times > 1 && right_verdict && no_other {
            return true;
        }
    }
    false
}

fn grade_again<'a>(workshop: &Workshop, graded: &Graded<'a>) -> Graded<'a> {
    let Graded { submission, .. } = graded;
    let outcome = workshop.grade(&submission.lesson, &submission.read(), Slot(0));
    Graded { outcome: outcome.map_err(|error| error.to_string()), ..graded.clone() }
}

/// How many submissions [`check`] will grade.
pub fn count(root: &Path, workshop: &Workshop, lessons: &[LessonId]) -> Result<usize, CheckError> {
    let each = lessons.iter().map(|id| specimens_of(root, workshop.lesson(id)));
    each.map(|specimens| specimens.map(|specimens| specimens.len())).sum()
}

/// The submissions of the course's own to `lesson`, with what each has to get.
pub(crate) fn specimens_of(
    root: &Path,
    lesson: &Lesson,
) -> Result<Vec<(Submission, Specimen)>, CheckError> {
    let own = |part: &str, folder: &str, expected| {
        let place = root.join(folder).join(lesson.id.as_str());
        (submission(part, lesson, &place), Specimen { part: part.to_owned(), expected })
    };
    let mut specimens = vec![
        own("solution", "solutions", Expected::FullMarks),
        own("stub", "exercises", Expected::Failure),
    ];
    let idlers = [("stub that exits", EXITS), ("stub that sleeps", SLEEPS)];
    specimens.extend(idlers.iter().filter_map(|(part, deed)| idler(root, lesson, part, deed)));
    for place in folders(&submissions_of(root, lesson))? {
        let path = place.join("expect.yaml");
        let read = |source| CheckError::Read { path: path.clone(), source };
        let text = std::fs::read_to_string(&path).map_err(read)?;
        let expectation = serde_yaml::from_str(&text);
        let expectation = expectation.map_err(|source| CheckError::Expectation { path, source })?;
        let part = place.strip_prefix(root).unwrap_or(&place).display().to_string();
        let own = submission(&part, lesson, &place);
        specimens.push((own, Specimen { part, expected: Expected::Exactly(expectation) }));
    }
    Ok(specimens)
}

/// What the lesson's stub becomes if `deed` is all that is to be done.
fn idler(root: &Path, lesson: &Lesson, part: &str, deed: &str) -> Option<(Submission, Specimen)> {
    let stub = submission(part, lesson, &root.join("exercises").join(lesson.id.as_str()));
    // What is wrong with the stub itself is said of the stub.
    let files = stub.read().ok()?.into_iter();
    let idle = |text: &str| Place::Here(idle(text, deed));
    let files = files.map(|file| FileAt { path: file.path, at: idle(&file.text) });
    let idler = Submission { files: Ok(files.collect()), ..stub };
    Some((idler, Specimen { part: part.to_owned(), expected: Expected::Nothing }))
}

/// The folder of a lesson's known-wrong and other correct submissions.
fn submissions_of(root: &Path, lesson: &Lesson) -> PathBuf {
    root.join("tests/submissions").join(lesson.id.as_str())
}

fn submission(part: &str, lesson: &Lesson, place: &Path) -> Submission {
    Submission {
        student: StudentName::new(part),
        lesson: lesson.id.clone(),
        attempt: Attempt::default(),
        files: find_files(place, lesson),
    }
}

/// The folders in `folder`, sorted; none if there is no such folder.
fn folders(folder: &Path) -> Result<Vec<PathBuf>, CheckError> {
    let read = |source| CheckError::Read { path: folder.to_owned(), source };
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(folder).map_err(read)?;
    let paths: Result<Vec<_>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut folders: Vec<_> =
        paths.map_err(read)?.into_iter().filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

/// The tests that did not pass.
fn failed(result: &report::Submission) -> BTreeSet<String> {
    let failed = result.tests.iter().filter(|test| test.status != TestStatus::Passed);
    failed.map(|test| test.name.to_string()).collect()
}

/// What differs between what was expected and what came out.
fn compare(specimen: &Specimen, graded: &Graded<'_>, lesson: &Lesson) -> Vec<String> {
    let result = score(graded, lesson, Language::En);
    let failed = failed(&result);
    let seen = || {
        let messages = result.tests.iter().filter_map(|test| {
            let message = test.message.as_ref()?;
            Some(format!("{} ({}): {message}", test.name, test.verdict))
        });
        result.message.clone().into_iter().chain(messages).collect::<Vec<_>>().join("\n")
    };
    match &specimen.expected {
        Expected::FullMarks if result.verdict == Verdict::Pass => vec![],
        Expected::FullMarks => {
            vec![format!("should get full marks, gets `{}`\n{}", result.verdict, seen())]
        }
        Expected::Failure if matches!(result.verdict, Verdict::Pass | Verdict::NotGradable) => {
            vec![format!("should fail, gets `{}`", result.verdict)]
        }
        Expected::Failure => vec![],
        Expected::Nothing => {
            let passed = result.tests.iter().filter(|test| test.status == TestStatus::Passed);
            let passed: Vec<_> = passed.map(|test| test.name.to_string()).collect();
            let problem = format!(
                "does nothing, and yet passes: {}\n\
                 keep the driver's `stage::Arguments` until the end of `main`, let each test ask \
                 whether the run ends well, and see that what it speaks of happened",
                passed.join(", ")
            );
            if passed.is_empty() { vec![] } else { vec![problem] }
        }
        Expected::Exactly(expectation) => {
            let mut problems = Vec::new();
            if !expectation.allows(&result) {
                problems.push(format!(
                    "should get `{}`, gets `{}`\n{}",
                    expectation.verdict,
                    result.verdict,
                    seen()
                ));
            }
            let list = |names: Vec<&String>| {
                names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
            };
            let passing = list(expectation.fails.difference(&failed).collect());
            if !passing.is_empty() {
                problems.push(format!("should fail, but passes: {passing}"));
            }
            let failing = list(failed.iter().filter(|test| !expectation.expects(test)).collect());
            if !failing.is_empty() {
                problems.push(format!("should pass, but fails: {failing}\n{}", seen()));
            }
            if expectation.about.trim().is_empty() {
                problems.push(
                    "`about` in expect.yaml is empty; say what the author got wrong".to_owned(),
                );
            }
            problems
        }
    }
}

/// Snapshots beside the tests that the solution's run did not compare with.
fn stale_snapshots(root: &Path, specimen: &Specimen, graded: &Graded<'_>) -> Option<String> {
    let (Expected::FullMarks, Ok(Outcome::Judged { snapshots, .. })) =
        (&specimen.expected, &graded.outcome)
    else {
        return None;
    };
    let lesson = graded.submission.lesson.as_str();
    let folder = root.join("exercises").join(lesson).join("tests/snapshots");
    let there = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let used: BTreeSet<_> = snapshots.iter().filter_map(|path| path.file_name()).collect();
    let stale: Vec<_> = there
        .filter(|path| path.file_name().is_some_and(|name| !used.contains(name)))
        .map(|path| path.display().to_string())
        .collect();
    (!stale.is_empty()).then(|| format!("no test compares with {}; remove it", stale.join(", ")))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeMap;
    use std::time::Duration;

    use kit::Finding;
    use records::Hasher;

    use super::*;
    use crate::judge::Judgement;

    const WRONG: &str = "{verdict: wrong-output, fails: [a], may_fail: [b], about: x}";

    /// A lesson with the tests `a`, `b` and `c`.
    fn lesson() -> Lesson {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).unwrap();
        let course = course::load(root).unwrap();
        let mut lesson = course.lessons().next().unwrap().clone();
        lesson.tests.truncate(3);
        for (test, name) in lesson.tests.iter_mut().zip(["a", "b", "c"]) {
            test.name = name.parse().unwrap();
        }
        lesson
    }

    fn specimen(expectation: &str) -> Specimen {
        let expected = Expected::Exactly(serde_yaml::from_str(expectation).unwrap());
        Specimen { part: "tests/submissions/x/y".to_owned(), expected }
    }

    /// What came of a run in which these tests fail, those in capitals by a deadlock.
    fn failing<'a>(submission: &'a Submission, failed: &str) -> Graded<'a> {
        let judged = |name: &str| {
            if failed.contains(name) {
                Judgement::Failed(Finding::wrong("it is wrong"))
            } else if failed.contains(&name.to_uppercase()) {
                Judgement::Failed(Finding::new(Verdict::Deadlock, "it stands still"))
            } else {
                Judgement::Passed
            }
        };
        let tests = ["a", "b", "c"].map(|name| (name.parse().unwrap(), judged(name))).to_vec();
        let outcome = Outcome::Judged { tests, explorations: Vec::new(), snapshots: Vec::new() };
        Graded {
            submission,
            digest: Hasher::default().finish(),
            outcome: Ok(outcome),
            duration: Duration::ZERO,
            attempts: 1,
            hashes: BTreeMap::new(),
        }
    }

    #[test]
    fn a_mistake_fails_what_it_has_to_and_what_it_may_and_nothing_else() {
        let (lesson, specimen) = (lesson(), specimen(WRONG));
        let handed_in = submission("y", &lesson, Path::new("/nowhere"));
        let problems = |failed| compare(&specimen, &failing(&handed_in, failed), &lesson);
        assert!(problems("a").is_empty());
        assert!(problems("ab").is_empty());
        assert!(problems("aB").is_empty(), "its verdict is that of what it fails by luck");
        assert!(problems("A")[0].contains("should get `wrong-output`, gets `deadlock`"));
        assert!(problems("b")[0].contains("should fail, but passes: a"));
        assert!(problems("ac")[0].contains("should pass, but fails: c"));
        assert!(problems("")[0].contains("should get `wrong-output`, gets `pass`"));
    }

    #[test]
    fn luck_is_what_does_not_come_again_and_neither_a_pass_nor_a_false_alarm() {
        let lesson = lesson();
        let handed_in = submission("y", &lesson, Path::new("/nowhere"));
        let is_luck = |expectation, failed, again: [&str; TIMES_AGAIN]| {
            let times = Cell::new(0);
            let again = || failing(&handed_in, again[times.replace(times.get() + 1)]);
            is_luck(&specimen(expectation), &failing(&handed_in, failed), &lesson, again)
        };
        let never = "graded again although all is said";
        assert!(is_luck(WRONG, "ac", ["a", "ab", never, never, never]));
        assert!(is_luck(WRONG, "ac", ["ac", "ac", "a", never, never]));
        assert!(is_luck(WRONG, "aC", ["aC", "ac", "a", never, never]));
        assert!(is_luck(WRONG, "b", ["a", "ab", never, never, never]), "it missed once");
        assert!(!is_luck(WRONG, "b", ["ac", "b", never, never, never]), "it missed twice");
        assert!(!is_luck(WRONG, "ac", ["ac"; TIMES_AGAIN]), "it fails another test always");
        assert!(!is_luck(WRONG, "A", ["A"; TIMES_AGAIN]), "its verdict is another one always");
        assert!(!is_luck(WRONG, "", ["a"; TIMES_AGAIN]), "it passed once");
        assert!(!is_luck(WRONG, "ac", ["", never, never, never, never]), "it passed once");
        let right = "{verdict: pass, fails: [], about: x}";
        assert!(!is_luck(right, "c", [""; TIMES_AGAIN]), "a right one failed once");
    }
}
