//! What changed between two runs: whose result, in which test, and why.

use std::collections::BTreeMap;
use std::fmt;

use course::Points;
use observation::Verdict;
use serde::Serialize;

use crate::model::{Submission, TestStatus};
use crate::printable;

/// What of a result is compared; a class of these fits into memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Essence {
    verdict: Verdict,
    score: Option<Points>,
    /// What counts after the course's policies, if they changed anything.
    grade: Option<Points>,
    /// How that comes about.
    because: Vec<String>,
    message: Option<String>,
    tests: Vec<TestEssence>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct TestEssence {
    name: String,
    status: TestStatus,
    verdict: Verdict,
    score: Option<Points>,
    /// The first line, shortened: enough to say why.
    reason: Option<String>,
}

/// Characters of a reason.
const REASON: usize = 160;

impl Essence {
    /// The essence of `submission`.
    pub fn of(submission: Submission) -> Self {
        let tests = submission.tests.into_iter().map(|test| TestEssence {
            name: test.name.to_string(),
            status: test.status,
            verdict: test.verdict,
            score: test.score,
            reason: test.message.as_deref().map(first_line),
        });
        let (grade, because) =
            submission.grade.map_or((None, Vec::new()), |grade| (grade.points, grade.because));
        Self {
            verdict: submission.verdict,
            score: submission.score,
            grade,
            because,
            message: submission.message.as_deref().map(first_line),
            tests: tests.collect(),
        }
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(REASON).collect()
}

/// A result that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Whose.
    pub student: String,
    /// In which lesson.
    pub lesson: String,
    /// Before; none if there was no result.
    pub old: Option<Side>,
    /// After; none if there is no result any more.
    pub new: Option<Side>,
    /// The tests that changed.
    pub tests: Vec<TestChange>,
}

/// A result, before or after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    /// The verdict.
    pub verdict: Verdict,
    /// The points; none for what could not be graded.
    pub score: Option<Points>,
    /// What counts after the course's policies, if they say otherwise.
    pub grade: Option<Points>,
    /// How that comes about, a sentence for each step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
    /// The first line of what was said about all of it.
    pub reason: Option<String>,
}

/// A test whose result is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestChange {
    /// The test.
    pub name: String,
    /// The verdict before; none if there was no such test.
    pub old: Option<Verdict>,
    /// The verdict after; none if there is no such test any more.
    pub new: Option<Verdict>,
    /// Why it is what it is now, or else why it was what it was.
    pub reason: Option<String>,
    /// Whether it ran; if not, what holds for all of the submission says why.
    #[serde(skip)]
    ran: bool,
}

/// Every change from `old` to `new`, by student and lesson.
pub fn compare(
    old: &BTreeMap<(String, String), Essence>,
    new: &BTreeMap<(String, String), Essence>,
) -> Vec<Change> {
    let mut keys: Vec<_> = old.keys().chain(new.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter().filter_map(|key| change(key, old.get(key), new.get(key))).collect()
}

fn change(key: &(String, String), old: Option<&Essence>, new: Option<&Essence>) -> Option<Change> {
    let side = |essence: &Essence| Side {
        verdict: essence.verdict,
        score: essence.score,
        grade: essence.grade,
        because: essence.because.clone(),
        reason: essence.message.clone(),
    };
    let points = |essence: Option<&Essence>| {
        essence.map(|essence| (essence.verdict, essence.score, essence.grade))
    };
    let tests = test_changes(old, new);
    if points(old) == points(new) && tests.is_empty() {
        return None;
    }
    let (student, lesson) = key.clone();
    Some(Change { student, lesson, old: old.map(side), new: new.map(side), tests })
}

fn test_changes(old: Option<&Essence>, new: Option<&Essence>) -> Vec<TestChange> {
    let (Some(old), Some(new)) = (old, new) else { return Vec::new() };
    let find =
        |tests: &[TestEssence], name: &str| tests.iter().find(|test| test.name == name).cloned();
    let mut names: Vec<&str> = new.tests.iter().map(|test| test.name.as_str()).collect();
    let gone = old.tests.iter().map(|test| test.name.as_str());
    names.extend(gone.filter(|name| find(&new.tests, name).is_none()));
    let change = |name: &str| {
        let (before, after) = (find(&old.tests, name), find(&new.tests, name));
        let essence = |test: &Option<TestEssence>| {
            test.as_ref().map(|test| (test.status, test.verdict, test.score))
        };
        if essence(&before) == essence(&after) {
            return None;
        }
        let reason =
            |test: &Option<TestEssence>| test.as_ref().and_then(|test| test.reason.clone());
        Some(TestChange {
            name: name.to_owned(),
            reason: reason(&after)
                .or_else(|| reason(&before).map(|before| format!("before: {before}"))),
            ran: after.as_ref().is_none_or(|test| test.status != TestStatus::NotRun),
            old: before.map(|test| test.verdict),
            new: after.map(|test| test.verdict),
        })
    };
    names.into_iter().filter_map(change).collect()
}

impl Change {
    /// Whether there is a result after it.
    pub fn is_in_new(&self) -> bool {
        self.new.is_some()
    }

    /// Whether there was none before.
    pub fn is_new(&self) -> bool {
        self.old.is_none()
    }

    /// Whether it is worth more than it was.
    pub fn is_better(&self) -> bool {
        matches!(self.points(), (Some(old), Some(new)) if new > old)
    }

    /// Whether it is worth less than it was.
    pub fn is_worse(&self) -> bool {
        matches!(self.points(), (Some(old), Some(new)) if new < old)
    }

    /// The steps towards what counts that are not as they were.
    fn steps(&self) -> Vec<String> {
        let of =
            |side: &Option<Side>| side.as_ref().map_or_else(Vec::new, |side| side.because.clone());
        let (old, new) = (of(&self.old), of(&self.new));
        let gone = old.iter().filter(|step| !new.contains(step));
        let gone = gone.map(|step| format!("before: {step}"));
        new.iter().filter(|step| !old.contains(step)).cloned().chain(gone).collect()
    }

    fn points(&self) -> (Option<Points>, Option<Points>) {
        let of = |side: &Option<Side>| side.as_ref().and_then(|side| side.grade.or(side.score));
        (of(&self.old), of(&self.new))
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (student, lesson) = (printable(&self.student), printable(&self.lesson));
        let (old, new) = (told(&self.old), told(&self.new));
        writeln!(f, "{student}, {lesson}: {old} -> {new}")?;
        let sides = [&self.new, &self.old].into_iter().flatten();
        let reason = sides.filter_map(|side| side.reason.as_deref()).next();
        if let Some(reason) = reason {
            writeln!(f, "    {}", printable(reason))?;
        }
        for step in self.steps() {
            writeln!(f, "    {}", printable(&step))?;
        }
        for test in self.tests.iter().filter(|test| test.ran) {
            let word = |verdict: Option<Verdict>| verdict.map_or("none", Verdict::as_str);
            write!(f, "    {}: {} -> {}", printable(&test.name), word(test.old), word(test.new))?;
            match &test.reason {
                Some(reason) => writeln!(f, "; {}", printable(reason))?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

fn told(side: &Option<Side>) -> String {
    let Some(side) = side else { return "nothing".to_owned() };
    let score = side.score.map_or("?".to_owned(), |score| score.to_string());
    match side.grade.filter(|grade| Some(*grade) != side.score) {
        Some(grade) => format!("{score} {} (counts {grade})", side.verdict),
        None => format!("{score} {}", side.verdict),
    }
}

#[cfg(test)]
mod tests {
    use course::Language;

    use super::*;
    use crate::specimen::class;

    fn essences(change: impl FnOnce(&mut Vec<Submission>)) -> BTreeMap<(String, String), Essence> {
        let mut submissions = class(Language::En).submissions;
        change(&mut submissions);
        let pair =
            |each: Submission| ((each.student.clone(), each.lesson.to_string()), Essence::of(each));
        submissions.into_iter().map(pair).collect()
    }

    fn told(change: impl FnOnce(&mut Vec<Submission>)) -> String {
        let changes = compare(&essences(|_| ()), &essences(change));
        changes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_run_that_took_longer_is_no_change() {
        assert_eq!(told(|submissions| submissions[1].duration_ms += 1000), "");
    }

    #[test]
    fn who_changed_in_which_test_and_why_is_said() {
        let text = told(|submissions| {
            let ada = &mut submissions[2];
            assert_eq!((ada.student.as_str(), ada.lesson.as_str()), ("ada", "semaphore"));
            ada.verdict = Verdict::Race;
            ada.score = Some("3.75".parse().unwrap());
            let test = &mut ada.tests[3];
            test.status = TestStatus::Failed;
            test.verdict = Verdict::Race;
            test.score = Some(Points::ZERO);
            test.message = Some("5 came in, 3 went out\nmore".to_owned());
        });
        assert_eq!(
            text,
            "ada, semaphore: 4.25 pass -> 3.75 race\n    many_permits: pass -> race; 5 came in, 3 went out\n"
        );
    }

    #[test]
    fn tests_that_did_not_run_are_not_listed_one_by_one() {
        let text = told(|submissions| {
            submissions[1].verdict = Verdict::DoesNotCompile;
            submissions[1].score = Some(Points::ZERO);
            submissions[1].message = Some("error: expected `;`".to_owned());
            for test in &mut submissions[1].tests {
                test.status = TestStatus::NotRun;
                test.verdict = Verdict::DoesNotCompile;
            }
        });
        assert_eq!(text, "ada, fork: 10 pass -> 0 does-not-compile\n    error: expected `;`\n");
    }

    #[test]
    fn points_that_were_set_are_told_with_their_reason() {
        let set = |submissions: &mut Vec<Submission>| {
            let because = vec!["set to 3 (before: 4.25): was ill".to_owned()];
            submissions[2].grade =
                Some(crate::Grade { points: Some("3".parse().unwrap()), because });
        };
        let (plain, set) = (essences(|_| ()), essences(set));
        let told = |a, b| compare(a, b).iter().map(ToString::to_string).collect::<String>();
        assert_eq!(
            told(&plain, &set),
            "ada, semaphore: 4.25 pass -> 4.25 pass (counts 3)\n    set to 3 (before: 4.25): was ill\n"
        );
        assert_eq!(
            told(&set, &plain),
            "ada, semaphore: 4.25 pass (counts 3) -> 4.25 pass\n    before: set to 3 (before: 4.25): was ill\n"
        );
        assert_eq!(told(&set, &set), "");
    }

    #[test]
    fn who_is_new_or_gone_is_said() {
        let text = told(|submissions| {
            submissions.retain(|each| each.student != "李小龙");
            submissions[1].student = "eve".to_owned();
        });
        assert!(text.contains("eve, fork: nothing -> 10 pass"), "{text}");
        assert!(text.contains("ada, fork: 10 pass -> nothing"), "{text}");
        assert!(text.contains("李小龙, semaphore: 3.25 race -> nothing"), "{text}");
    }

    #[test]
    fn what_students_wrote_does_nothing_to_a_terminal() {
        let text = told(|submissions| submissions.clear());
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    }
}
