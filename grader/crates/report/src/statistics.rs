//! How a class did, in numbers.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use course::{LessonId, Points, TestName};
use observation::Verdict;
use serde::Serialize;

use crate::model::{GradedLesson, Submission, TestResult, TestStatus};

/// Graded submissions that a correlation takes at the least.
const ENOUGH: usize = 5;

/// How a class did in one test.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    /// The lesson.
    pub lesson: LessonId,
    /// The test.
    pub name: TestName,
    /// How people call it.
    pub label: String,
    /// Submissions in which it was judged.
    pub judged: usize,
    /// Those that passed it.
    pub passed: usize,
    /// How those that did not pass it failed, the most frequent way first.
    pub failed: Vec<(Verdict, usize)>,
    /// The share of submissions that passed it, from 0 to 1.
    pub difficulty: f64,
    /// The correlation, from -1 to 1, of passing it with the points of the lesson's other
    /// tests; none for fewer than five submissions, or if either does not vary.
    pub discrimination: Option<f64>,
}

/// Takes in the submissions of a class, one after the other, and counts.
#[derive(Clone, Debug, Default)]
pub struct Items {
    tests: BTreeMap<(LessonId, usize), Seen>,
}

/// How one test went so far.
#[derive(Clone, Debug)]
struct Seen {
    name: TestName,
    label: String,
    /// For each submission whether it passed, and the hundredths of points of its other tests.
    judged: Vec<(f64, f64)>,
    failed: BTreeMap<Verdict, usize>,
}

impl Items {
    /// Takes in `work`.
    pub fn add(&mut self, work: &Submission) {
        if work.score.is_none() {
            return;
        }
        let earned = |test: &TestResult| test.score.unwrap_or_default().hundredths();
        let total: u64 = work.tests.iter().map(earned).sum();
        for (index, test) in work.tests.iter().enumerate() {
            let passed = match test.status {
                TestStatus::Passed => 1.0,
                TestStatus::Failed | TestStatus::NotRun => 0.0,
                TestStatus::NotCheckable => continue,
            };
            let seen = self.tests.entry((work.lesson.clone(), index)).or_insert_with(|| Seen {
                name: test.name.clone(),
                label: crate::printable(test.label()).to_string(),
                judged: Vec::new(),
                failed: BTreeMap::new(),
            });
            seen.judged.push((passed, (total - earned(test)) as f64));
            if test.status != TestStatus::Passed {
                *seen.failed.entry(test.verdict).or_default() += 1;
            }
        }
    }

    /// Every test that was judged, in the order of `lessons` and of their tests.
    pub fn finish(&self, lessons: &[GradedLesson]) -> Vec<Item> {
        let of = |lesson: &LessonId| {
            let mine = self.tests.iter().filter(|((id, _), _)| id == lesson);
            mine.map(|((id, _), seen)| seen.item(id.clone())).collect::<Vec<_>>()
        };
        lessons.iter().flat_map(|lesson| of(&lesson.id)).collect()
    }
}

impl Seen {
    fn item(&self, lesson: LessonId) -> Item {
        let passed = self.judged.iter().filter(|(passed, _)| *passed > 0.0).count();
        let judged = self.judged.len();
        let mut failed: Vec<_> = self.failed.clone().into_iter().collect();
        failed.sort_by_key(|(_, count)| Reverse(*count));
        Item {
            lesson,
            name: self.name.clone(),
            label: self.label.clone(),
            judged,
            passed,
            failed,
            difficulty: passed as f64 / judged as f64,
            discrimination: if judged < ENOUGH { None } else { correlation(&self.judged) },
        }
    }
}

/// The share, in percent, that counts of the points of what a student handed in; none if nothing
/// of it was graded or is worth anything.
pub fn percent(work: &[Submission]) -> Option<f64> {
    let graded: Vec<_> =
        work.iter().filter_map(|work| Some((work.counts()?, work.max_score))).collect();
    let score: Points = graded.iter().map(|(score, _)| *score).sum();
    let max: Points = graded.iter().map(|(_, max)| *max).sum();
    let share = score.hundredths() as f64 / max.hundredths() as f64;
    (max > Points::ZERO).then_some(share * 100.0)
}

/// The middle of `numbers`, or the mean of the two in the middle; none of none.
pub fn median(numbers: &[f64]) -> Option<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

/// Pearson's correlation; none if either side does not vary.
fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let count = pairs.len() as f64;
    let mean = |side: fn(&(f64, f64)) -> f64| pairs.iter().map(side).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
        pairs.iter().map(|(x, y)| of(x - mean_x, y - mean_y)).sum()
    };
    let both = sum(&|x, y| x * y);
    let (of_x, of_y) = (sum(&|x, _| x * x), sum(&|_, y| y * y));
    (of_x > 0.0 && of_y > 0.0).then(|| both / (of_x * of_y).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_the_good_pass_and_the_others_fail_tells_them_apart() {
        let class = crate::specimen::class(course::Language::En);
        let mut items = Items::default();
        class.submissions.iter().for_each(|work| items.add(work));
        for item in items.finish(&class.lessons) {
            let of = |work: &&Submission| work.lesson == item.lesson && work.score.is_some();
            assert!(item.judged <= class.submissions.iter().filter(of).count());
            let failed: usize = item.failed.iter().map(|(_, count)| count).sum();
            assert_eq!(item.passed + failed, item.judged);
            assert!(item.passed <= item.judged && (0.0..=1.0).contains(&item.difficulty));
            // The specimen is a small class, and a correlation takes five.
            assert_eq!(item.discrimination, None);
        }
    }

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn correlation_is_one_along_a_line_and_none_where_nothing_varies() {
        let line: Vec<_> = (0..6).map(|x| (f64::from(x), 2.0 * f64::from(x) + 1.0)).collect();
        assert!((correlation(&line).unwrap() - 1.0).abs() < 1e-9);
        let falling: Vec<_> = line.iter().map(|(x, y)| (*x, -y)).collect();
        assert!((correlation(&falling).unwrap() + 1.0).abs() < 1e-9);
        assert_eq!(correlation(&[(1.0, 1.0), (1.0, 2.0)]), None);
    }
}
