use course::Points;
use report::sheet::{self, Stage};
use report::{Evidence, Run, Status, Submission, TestResult, TestStatus};

use crate::text;

/// What one student, or one group, handed in, graded: without what they may not see.
#[derive(Clone, Debug)]
pub struct Sitting {
    /// The circumstances.
    pub run: Run,
    /// One for each lesson, with the tests that students may see.
    pub submissions: Vec<Submission>,
    /// What there is to say besides: about the platform's own files, or that time ran out.
    pub notes: Vec<String>,
    score: Option<Points>,
    max_score: Points,
    kept_back: usize,
}

impl Sitting {
    /// Takes away from `submissions` what students may not see; the totals count all of it.
    pub fn new(run: Run, submissions: &[Submission], notes: Vec<String>) -> Self {
        let scores: Option<Vec<Points>> = submissions.iter().map(|each| each.score).collect();
        let all = submissions.iter().map(|each| each.tests.len()).sum::<usize>();
        let max_score = submissions.iter().map(|each| each.max_score).sum();
        let shown: Vec<_> = submissions.iter().map(for_student).collect();
        let seen = shown.iter().map(|each| each.tests.len()).sum::<usize>();
        // Without a submission there is nothing that a sum would be the sum of.
        let score = scores.filter(|scores| !scores.is_empty());
        Self {
            run,
            submissions: shown,
            notes,
            score: score.map(|scores| scores.iter().sum()),
            max_score,
            kept_back: all - seen,
        }
    }

    /// Nothing could be graded, and `reason` says why.
    pub fn of_nothing(run: Run, mut notes: Vec<String>, reason: &str) -> Self {
        notes.push(format!("nothing was graded, which is not your program's fault: {reason}"));
        Self::new(run, &[], notes)
    }

    /// The points of all passed tests, hidden ones included; none unless every test was judged.
    pub fn score(&self) -> Option<Points> {
        self.score
    }

    /// The points of all tests without extra credit, hidden ones included.
    pub fn max_score(&self) -> Points {
        self.max_score
    }

    /// The score as a share of the maximum, from 0 to 1: extra credit does not lead above it.
    pub fn share(&self) -> Option<f64> {
        let (score, most) = (self.score?.hundredths(), self.max_score.hundredths());
        match most {
            0 => Some(1.0),
            most => Some((score as f64 / most as f64).min(1.0)),
        }
    }

    /// Whether everything was judged and all of it is right.
    pub fn passed(&self) -> bool {
        self.score.is_some_and(|score| score >= self.max_score)
    }

    /// Every test that students may see, with its submission.
    pub fn tests(&self) -> impl Iterator<Item = (&Submission, &TestResult)> {
        self.submissions.iter().flat_map(|each| each.tests.iter().map(move |test| (each, test)))
    }

    /// `14 of 14 points`, or that it was not graded.
    pub fn headline(&self) -> String {
        match self.score {
            Some(score) => format!("{score} of {} points", self.max_score),
            None => "not graded".to_owned(),
        }
    }

    /// What a student reads: the notes, then each lesson's sheet, then what confined the program.
    pub fn sheet(&self) -> String {
        let mut text: String = self.notes_text();
        for submission in &self.submissions {
            text += &sheet::render(submission, Stage::Open, self.run.language);
            text.push('\n');
        }
        match self.kept_back {
            0 => {}
            1 => text += "1 more test is not shown.\n\n",
            count => text += &format!("{count} more tests are not shown.\n\n"),
        }
        text + &format!("graded by interleave {}, {}\n", self.run.grader, self.run.confinement)
    }

    /// The notes; a long one goes on in lines that are indented.
    pub fn notes_text(&self) -> String {
        let note = |note: &String| {
            format!("note: {}\n", text::printable_lines(note).replace('\n', "\n    "))
        };
        self.notes.iter().map(note).collect()
    }

    /// What holds for whole submissions: the notes, and for instance the compiler's words.
    pub fn message(&self) -> String {
        self.notes_text() + &self.reasons()
    }

    /// What is wrong with whole submissions.
    pub(crate) fn reasons(&self) -> String {
        let of = |each: &Submission| {
            let said = text::printable_lines(each.message.as_deref()?);
            Some(format!("{}: {}\n{said}\n", each.lesson, each.verdict))
        };
        self.submissions.iter().filter_map(of).collect()
    }
}

/// `submission` as its author may see it while others still hand in: without hidden tests, without
/// what could name them, and without what only instructors have.
pub fn for_student(submission: &Submission) -> Submission {
    let visible = |test: &&TestResult| Stage::Open.shows(test.visibility);
    let tests: Vec<_> = submission.tests.iter().filter(visible).cloned().collect();
    let hides = tests.len() < submission.tests.len();
    let message = submission.message.clone().filter(|_| !hides || is_about_files(submission));
    let message = message.map(bounded);
    let tests = tests.into_iter().map(|test| cleaned(test, hides)).collect();
    let verdict = match (hides, submission.score) {
        (true, Some(_)) => worst(submission),
        _ => submission.verdict,
    };
    Submission { message, tests, verdict, ..submission.clone() }
}

/// Whether the message is about what was handed in, and not about tests: none of them ran.
fn is_about_files(submission: &Submission) -> bool {
    let graded = submission.status == Status::Graded;
    graded && submission.tests.iter().all(|test| test.status == TestStatus::NotRun)
}

/// The worst verdict among what is shown: that of a hidden test would tell of it.
fn worst(submission: &Submission) -> observation::Verdict {
    let shown = submission.tests.iter().filter(|test| Stage::Open.shows(test.visibility));
    shown.map(|test| test.verdict).max().unwrap_or(observation::Verdict::Pass)
}

/// Bytes of what is said about one test, and of what is said about a whole submission. Platforms cut off the
/// end of what is too long, where some of them look for the score.
const LONGEST: usize = 16 << 10;

/// `submission` without mention of what lies in an instructor's folder, pictures and witnesses, and
/// without floods.
pub(crate) fn without_files(submission: &Submission) -> Submission {
    let mut submission = submission.clone();
    submission.tests.iter_mut().for_each(drop_files);
    submission.message = submission.message.map(bounded);
    submission
}

fn bounded(message: String) -> String {
    match message.len() > LONGEST / 6 {
        // What does not print takes up to six times the room once it is written out.
        true => text::clipped(&text::printable_lines(&message), LONGEST).into_owned(),
        false => message,
    }
}

fn drop_files(test: &mut TestResult) {
    test.message = test.message.take().map(bounded);
    let told = test.evidence.take().map(|evidence| Evidence {
        pictures: Vec::new(),
        replay: None,
        run: None,
        ..evidence
    });
    test.evidence = told.filter(|evidence| *evidence != Evidence::default());
}

fn cleaned(mut test: TestResult, hides: bool) -> TestResult {
    drop_files(&mut test);
    // A compiler that refuses a test file quotes it, hidden tests included.
    if hides && test.status == TestStatus::NotCheckable {
        let first = |message: String| message.lines().next().map(str::to_owned);
        test.message = test.message.and_then(first);
    }
    test
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen::{self, SECRETS, sitting};

    #[test]
    fn a_total_counts_hidden_tests_and_shows_none_of_them() {
        let sitting = sitting("race-in-hidden");
        assert_eq!(sitting.score().unwrap().to_string(), "3.25");
        assert_eq!(sitting.max_score().to_string(), "3.75");
        let text = sitting.sheet() + &sitting.message();
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        assert!(text.contains("2 more tests are not shown."), "{text}");
    }

    #[test]
    fn what_was_not_judged_has_no_total() {
        assert_eq!(sitting("stopped").score(), None);
        let nothing = Sitting::of_nothing(specimen::run(), Vec::new(), "no compiler");
        assert_eq!((nothing.score(), nothing.passed()), (None, false));
        assert!(nothing.sheet().contains("no compiler"));
    }

    #[test]
    fn a_flood_is_cut_where_it_stands_and_leaves_room_for_the_rest() {
        let mut flooding = specimen::submission("forged");
        flooding.message = Some("x".repeat(1 << 20));
        for test in &mut flooding.tests {
            test.message = Some("\u{1b}".repeat(1 << 20));
        }
        let sheet = Sitting::new(specimen::run(), &[flooding.clone()], Vec::new()).sheet();
        assert!(sheet.len() < 4 * LONGEST && sheet.contains("... (cut)"), "{}", sheet.len());
        assert!(sheet.contains("graded by interleave"), "{sheet:.100}");
        let whole = without_files(&flooding);
        assert!(whole.tests.iter().all(|test| test.message.as_ref().unwrap().len() <= LONGEST));
    }

    #[test]
    fn extra_credit_does_not_lead_above_one() {
        let sitting = sitting("full");
        assert!(sitting.score().unwrap() > sitting.max_score());
        assert_eq!(sitting.share(), Some(1.0));
    }

    #[test]
    fn a_fault_of_ours_in_a_hidden_test_is_not_told_by_name() {
        let text = sitting("broken-hidden").sheet();
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}
