//! From attempts to grades, by the policies of a course.

use std::cmp::Reverse;
use std::time::Duration;

use chrono::{DateTime, Utc};
use course::{Attempts, Language, LessonId, Moment, Percent, Points, Policies};

use crate::overriding::Override;
use crate::step::{Attention, Step};

/// What is known of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptFacts {
    /// From 1, in the order in which they were handed in.
    pub number: u32,
    /// When it was handed in, if that is known.
    pub handed_in: Option<Moment>,
    /// Whether the system marks it as late, if it says.
    pub marked_late: Option<bool>,
    /// The points of the passed tests; none if it could not be graded.
    pub score: Option<Points>,
}

/// When a lesson is due for one student.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// When; none if it never is.
    pub at: Option<DateTime<Utc>>,
    /// Whether that is later than for the others.
    pub extended: bool,
}

/// What a student's work on a lesson counts for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LessonGrade {
    /// The points that count; none if they are not known yet.
    pub points: Option<Points>,
    /// The attempt that counts.
    pub attempt: Option<u32>,
    /// Each step from the score on; empty if the score is all that counts.
    pub because: Vec<Step>,
    /// What a person has to decide.
    pub attention: Option<Attention>,
}

impl LessonGrade {
    /// A sentence for each step, and for what a person has to decide.
    pub fn told(&self, language: Language) -> Vec<String> {
        let steps = self.because.iter().map(|step| step.tell(language));
        steps.chain(self.attention.map(|attention| attention.tell(language))).collect()
    }
}

/// The grade of `attempts`, of which there is at least one unless there is an override.
pub fn lesson_grade(
    policies: &Policies,
    max: Points,
    attempts: &[AttemptFacts],
    due: Due,
    overriding: Option<&Override>,
) -> LessonGrade {
    let mut grade = match policies.attempts {
        Attempts::Last => attempts.last().map(|last| one(policies, max, last, due)),
        Attempts::Best => best(policies, max, attempts, due),
    }
    .unwrap_or_default();
    if attempts.len() > 1
        && let Some(number) = grade.attempt
    {
        let (of, by) = (attempts.len(), policies.attempts);
        grade.because.insert(0, Step::Attempt { number, of, by });
    }
    if let Some(Override { points, reason, .. }) = overriding {
        let (points, before, reason) = (*points, grade.points, reason.clone());
        grade.because.push(Step::Set { points, before, reason });
        grade.points = Some(points);
        grade.attention = None;
    }
    grade
}

/// The attempt that is worth most; of equals the first. Not known while one of them is not.
fn best(
    policies: &Policies,
    max: Points,
    attempts: &[AttemptFacts],
    due: Due,
) -> Option<LessonGrade> {
    let grades: Vec<_> = attempts.iter().map(|each| one(policies, max, each, due)).collect();
    let unknown = grades.iter().find(|grade| grade.points.is_none()).cloned();
    unknown
        .or_else(|| grades.into_iter().max_by_key(|grade| (grade.points, Reverse(grade.attempt))))
}

fn one(policies: &Policies, max: Points, attempt: &AttemptFacts, due: Due) -> LessonGrade {
    let mut grade = LessonGrade { attempt: Some(attempt.number), ..LessonGrade::default() };
    let Some(score) = attempt.score else {
        grade.attention = Some(Attention::NotGradable);
        return grade;
    };
    let mut points = score;
    match late(policies, attempt, due) {
        Late::No => {}
        Late::ByMarkInSpiteOfExtension => grade.attention = Some(Attention::LateWithExtension),
        Late::By { delay, keeps } => {
            points = keeps.of(score);
            grade.because.push(Step::Late { delay, keeps, score, points });
            let unknown = Attention::LateWithoutTime { keeps };
            grade.attention = delay.is_none().then_some(unknown);
        }
    }
    if let Some(cap) = policies.cap
        && points > cap.of(max)
    {
        points = cap.of(max);
        grade.because.push(Step::Capped { cap, max, points });
    }
    grade.points = Some(points);
    grade
}

/// Whether an attempt is late, and what that means.
enum Late {
    No,
    /// It is marked late, which says nothing about the later date of this student.
    ByMarkInSpiteOfExtension,
    /// It keeps a part of its score. Without a delay nothing but the mark is known.
    By {
        delay: Option<Duration>,
        keeps: Percent,
    },
}

fn late(policies: &Policies, attempt: &AttemptFacts, due: Due) -> Late {
    let Some(first) = policies.late.first() else { return Late::No };
    let at = attempt.handed_in.as_ref().and_then(|moment| moment.at(policies.zone).ok());
    let (Some(at), Some(due)) = (at, due.at) else {
        return match (attempt.marked_late, due.extended) {
            (Some(true), true) => Late::ByMarkInSpiteOfExtension,
            (Some(true), false) => Late::By { delay: None, keeps: first.keeps },
            (Some(false) | None, _) => Late::No,
        };
    };
    let Ok(delay) = at.signed_duration_since(due).to_std() else { return Late::No };
    if delay.is_zero() || delay <= policies.grace {
        return Late::No;
    }
    let step = policies.late.iter().find(|step| delay <= step.within);
    match step.map_or(Percent::NOTHING, |step| step.keeps) {
        Percent::WHOLE => Late::No,
        keeps => Late::By { delay: Some(delay), keeps },
    }
}

/// One lesson in a student's total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which.
    pub lesson: LessonId,
    /// What it is worth.
    pub max: Points,
    /// What the student got; zero for what was not handed in, none if it is not known.
    pub points: Option<Points>,
}

/// A student's total.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// The points; none while one of the parts is not known.
    pub points: Option<Points>,
    /// What could be reached without extra credit.
    pub max: Points,
    /// Each step that is no sum.
    pub because: Vec<Step>,
}

/// The total of `parts`.
pub fn total(policies: &Policies, parts: &[Part]) -> Total {
    let dropped = dropped(policies, parts);
    let mut total = Total::default();
    let mut points = Some(Points::ZERO);
    for (index, part) in parts.iter().enumerate() {
        if dropped.contains(&index) {
            total.because.push(Step::Dropped { lesson: part.lesson.clone() });
            continue;
        }
        if !policies.extra.contains(&part.lesson) {
            total.max += part.max;
        }
        points = points.zip(part.points).map(|(sum, points)| sum + points);
    }
    total.points = points;
    if let Some(required) = &policies.required {
        let most = required.otherwise.of(total.max);
        let fails = |part: &&Part| {
            let least = required.at_least.of(part.max);
            required.lessons.contains(&part.lesson)
                && part.points.is_some_and(|points| points < least)
        };
        if let Some(part) = parts.iter().find(fails) {
            let (lesson, at_least) = (part.lesson.clone(), required.at_least);
            total.because.push(Step::Required { lesson, at_least, most });
            total.points = total.points.map(|points| points.min(most));
        }
    }
    total
}

/// The lessons that do not count: of the lowest share, and of equal shares the largest. At
/// least one lesson stays; what is required, comes on top, or is not known is not dropped.
fn dropped(policies: &Policies, parts: &[Part]) -> Vec<usize> {
    let required = policies.required.as_ref().map_or(&[][..], |required| &required.lessons);
    let may = |part: &Part| {
        !policies.extra.contains(&part.lesson)
            && !required.contains(&part.lesson)
            && part.points.is_some()
    };
    let mut candidates: Vec<usize> = (0..parts.len()).filter(|&index| may(&parts[index])).collect();
    candidates.sort_by(|&a, &b| {
        let (a, b) = (&parts[a], &parts[b]);
        let hundredths = |points: Points| u128::from(points.hundredths());
        let own = |part: &Part| hundredths(part.points.unwrap_or_default());
        let shares = (own(a) * hundredths(b.max)).cmp(&(own(b) * hundredths(a.max)));
        shares.then(b.max.cmp(&a.max))
    });
    let regular = parts.iter().filter(|part| !policies.extra.contains(&part.lesson)).count();
    candidates.truncate(policies.drop_lowest.min(regular.saturating_sub(1)));
    candidates
}

#[cfg(test)]
mod tests {
    use course::{LateStep, Required};

    use super::*;

    fn points(text: &str) -> Points {
        text.parse().unwrap()
    }

    fn policies() -> Policies {
        let step = |hours: u64, keeps| LateStep {
            within: Duration::from_secs(hours * 3600),
            keeps: Percent::whole(keeps),
        };
        Policies {
            zone: "Europe/Berlin".parse().unwrap(),
            grace: Duration::from_secs(900),
            late: vec![step(24, 90), step(72, 50)],
            ..Policies::default()
        }
    }

    fn attempt(number: u32, at: &str, score: &str) -> AttemptFacts {
        AttemptFacts {
            number,
            handed_in: (!at.is_empty()).then(|| at.parse().unwrap()),
            marked_late: None,
            score: (score != "?").then(|| points(score)),
        }
    }

    fn due(text: &str) -> Due {
        let at = text.parse::<Moment>().unwrap().at(policies().zone).unwrap();
        Due { at: Some(at), extended: false }
    }

    const DUE: &str = "2026-10-01 23:59";

    fn graded(policies: &Policies, attempts: &[AttemptFacts]) -> (String, Vec<String>) {
        let grade = lesson_grade(policies, points("10"), attempts, due(DUE), None);
        (grade.points.map_or("?".to_owned(), |points| points.to_string()), grade.told(Language::En))
    }

    #[test]
    fn late_work_keeps_what_the_first_step_that_it_is_within_says() {
        for (at, kept) in [
            ("", "9"),
            ("2026-10-01 12:00", "9"),
            ("2026-10-01 23:59:00", "9"),
            ("2026-10-02 00:14:00", "9"),
            ("2026-10-02 00:14:01", "8.1"),
            ("2026-10-02 23:59:00", "8.1"),
            ("2026-10-02 23:59:01", "4.5"),
            ("2026-10-04 23:59:00", "4.5"),
            ("2026-10-04 23:59:01", "0"),
            ("2026-10-01T22:14:00Z", "9"),
            ("2026-10-01T22:15:00Z", "8.1"),
        ] {
            assert_eq!(graded(&policies(), &[attempt(1, at, "9")]).0, kept, "{at}");
        }
    }

    #[test]
    fn the_last_attempt_counts_or_the_one_that_is_worth_most_after_all_else() {
        let attempts = [
            attempt(1, "2026-10-01 12:00", "5"),
            attempt(2, "2026-10-01 13:00", "5"),
            attempt(3, "2026-10-03 12:00", "9"),
        ];
        let (last, because) = graded(&policies(), &attempts);
        assert_eq!(last, "4.5");
        assert_eq!(
            because,
            [
                "attempt 3 of 3 counts, the last",
                "handed in 1 d 12 h after it was due, keeps 50%: 4.5 of 9",
            ]
        );
        let best = Policies { attempts: Attempts::Best, ..policies() };
        let (points, because) = graded(&best, &attempts);
        assert_eq!(
            (points.as_str(), because[0].as_str()),
            ("5", "attempt 1 of 3 counts, the best")
        );
    }

    #[test]
    fn what_could_not_be_graded_is_not_known_and_never_zero() {
        let attempts = [attempt(1, "", "5"), attempt(2, "", "?")];
        assert_eq!(graded(&policies(), &attempts).0, "?");
        let best = Policies { attempts: Attempts::Best, ..policies() };
        assert_eq!(graded(&best, &attempts).0, "?");
    }

    #[test]
    fn extra_credit_counts_up_to_the_cap() {
        assert_eq!(
            graded(&Policies::default(), &[attempt(1, "", "12")]),
            ("12".to_owned(), vec![])
        );
        let capped = Policies { cap: Some(Percent::whole(110)), ..Policies::default() };
        let (points, because) = graded(&capped, &[attempt(1, "", "12")]);
        assert_eq!(
            (points.as_str(), because),
            ("11", vec!["110% of 10 points count at most: 11".to_owned()])
        );
    }

    #[test]
    fn a_mark_without_a_time_takes_the_first_step_and_asks_for_attention() {
        let late = AttemptFacts { marked_late: Some(true), ..attempt(1, "", "10") };
        let graded =
            |due| lesson_grade(&policies(), points("10"), std::slice::from_ref(&late), due, None);
        let grade = graded(due(DUE));
        assert_eq!(grade.points, Some(points("9")));
        assert!(grade.told(Language::En)[1].contains("nothing says how late"));
        let extended = graded(Due { extended: true, ..due(DUE) });
        assert_eq!(extended.points, Some(points("10")));
        assert!(extended.told(Language::En)[0].contains("extension"));
    }

    #[test]
    fn an_override_goes_over_everything_and_says_what_was_before() {
        let overriding = Override {
            student: "ada".to_owned(),
            lesson: "lock".parse().unwrap(),
            points: points("7"),
            reason: "ill".to_owned(),
        };
        let grade = |score| {
            let attempts = [attempt(1, "", score)];
            lesson_grade(&policies(), points("10"), &attempts, Due::default(), Some(&overriding))
        };
        assert_eq!(grade("3").points, Some(points("7")));
        assert_eq!(grade("3").told(Language::En), ["set to 7 (before: 3): ill"]);
        assert_eq!(grade("?").points, Some(points("7")));
        assert_eq!(grade("?").attention, None);
    }

    fn part(lesson: &str, got: &str, max: &str) -> Part {
        let points = |text: &str| (text != "?").then(|| text.parse().unwrap());
        Part { lesson: lesson.parse().unwrap(), points: points(got), max: max.parse().unwrap() }
    }

    fn summed(policies: &Policies, parts: &[Part]) -> String {
        let total = total(policies, parts);
        let points = total.points.map_or("?".to_owned(), |points| points.to_string());
        format!("{points}/{}", total.max)
    }

    #[test]
    fn totals_drop_the_lowest_share_and_keep_one() {
        let parts =
            [part("a", "5", "10"), part("b", "2", "4"), part("c", "3", "4"), part("d", "0", "1")];
        for (dropped, total) in [(0, "10/19"), (1, "10/18"), (2, "5/8"), (3, "3/4"), (9, "3/4")] {
            let policies = Policies { drop_lowest: dropped, ..Policies::default() };
            assert_eq!(summed(&policies, &parts), total, "{dropped}");
        }
    }

    #[test]
    fn lessons_that_are_extra_add_points_and_no_maximum() {
        let extra = [part("b", "0", "0").lesson].into_iter().collect();
        let policies = Policies { extra, drop_lowest: 1, ..Policies::default() };
        let parts = [part("a", "5", "10"), part("b", "1", "4"), part("c", "8", "10")];
        assert_eq!(summed(&policies, &parts), "9/10");
    }

    #[test]
    fn who_misses_a_required_lesson_gets_little() {
        let required = Required {
            lessons: vec!["a".parse().unwrap()],
            at_least: Percent::whole(50),
            otherwise: Percent::whole(40),
        };
        let policies = Policies { required: Some(required), ..Policies::default() };
        let with = |got| summed(&policies, &[part("a", got, "10"), part("b", "10", "10")]);
        assert_eq!(with("5"), "15/20");
        assert_eq!(with("4.99"), "8/20");
        assert_eq!(with("?"), "?/20");
    }

    #[test]
    fn no_rounding_gets_lost_in_sums() {
        let parts: Vec<_> = (0..1000).map(|_| part("a", "0.1", "0.1")).collect();
        assert_eq!(summed(&Policies::default(), &parts), "100/100");
    }
}
