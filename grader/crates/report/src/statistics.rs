//! How a class did, in numbers.

use course::{Points, TestName};
use serde::Serialize;

use crate::model::{Report, Submission, TestResult, TestStatus};

/// Graded submissions that a correlation takes at the least.
const ENOUGH: usize = 5;

/// How a class did in one test.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    /// The lesson.
    pub lesson: course::LessonId,
    /// The test.
    pub name: TestName,
    /// How people call it.
    pub label: String,
    /// Submissions in which it was judged.
    pub judged: usize,
    /// Those that passed it.
    pub passed: usize,
    /// The mean share of passes, from 0 to 1; none if it was never judged.
    pub difficulty: Option<f64>,
    /// The correlation, from -1 to 1, of passing it with the points of the lesson's other
    /// tests; none for fewer than five submissions, or if either does not vary.
    pub discrimination: Option<f64>,
}

/// Every test of the report, in its order.
pub fn items(report: &Report) -> Vec<Item> {
    let mut items = Vec::new();
    for lesson in &report.lessons {
        let work: Vec<_> =
            report.submissions.iter().filter(|work| work.lesson == lesson.id).collect();
        let Some(first) = work.first() else { continue };
        for (index, test) in first.tests.iter().enumerate() {
            items.push(item(&work, index, test));
        }
    }
    items
}

fn item(work: &[&Submission], index: usize, test: &TestResult) -> Item {
    let judged: Vec<(f64, f64)> = work
        .iter()
        .filter_map(|work| {
            let own = work.tests.get(index)?;
            let passed = match own.status {
                TestStatus::Passed => 1.0,
                TestStatus::Failed | TestStatus::NotRun => 0.0,
                TestStatus::NotCheckable => return None,
            };
            work.score?;
            let others = work.tests.iter().enumerate().filter(|(other, _)| *other != index);
            let rest: Points = others.filter_map(|(_, test)| test.score).sum();
            Some((passed, rest.hundredths() as f64))
        })
        .collect();
    let passed = judged.iter().filter(|(passed, _)| *passed > 0.0).count();
    let difficulty = (!judged.is_empty()).then(|| passed as f64 / judged.len() as f64);
    Item {
        lesson: work[0].lesson.clone(),
        name: test.name.clone(),
        label: crate::printable(test.label()).to_string(),
        judged: judged.len(),
        passed,
        difficulty,
        discrimination: if judged.len() < ENOUGH { None } else { correlation(&judged) },
    }
}

/// The share, in percent, of the points of what a student handed in; none if nothing of it
/// was graded or is worth anything.
pub fn percent(work: &[Submission]) -> Option<f64> {
    let graded: Vec<_> =
        work.iter().filter_map(|work| Some((work.score?, work.max_score))).collect();
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
