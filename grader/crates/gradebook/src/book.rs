use std::collections::BTreeMap;

use course::{Course, Language, LessonId, Points};

use crate::extension::Extensions;
use crate::grade::{AttemptFacts, LessonGrade, Part, Total, lesson_grade, total};
use crate::overriding::Override;

/// All grades of a class.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// The language in which it says why.
    pub language: Language,
    /// The lessons that somebody handed in, in teaching order.
    pub lessons: Vec<BookLesson>,
    /// The students, by name.
    pub members: Vec<Member>,
}

/// A lesson in a gradebook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookLesson {
    /// Its id.
    pub id: LessonId,
    /// Its titles, in every language.
    pub titles: Vec<String>,
    /// What it is worth without extra credit.
    pub max: Points,
    /// When it is due, as the course says.
    pub due: Option<String>,
}

/// A student in a gradebook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// The name under which results are filed.
    pub student: String,
    /// A name for people.
    pub name: Option<String>,
    /// The number under which the system knows them that submissions come from.
    pub system_id: Option<String>,
    /// The number on the roster.
    pub id: Option<String>,
    /// Their address.
    pub email: Option<String>,
    /// Whom they work with.
    pub group: Option<String>,
    /// Where they are taught.
    pub section: Option<String>,
    /// What each lesson counts for; none is there for what was not handed in.
    pub grades: BTreeMap<LessonId, Taken>,
    /// All of it.
    pub total: Total,
}

/// A student's work on a lesson: what it is worth and what it counts for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// What it counts for.
    pub grade: LessonGrade,
    /// The score of the attempt that counts, before any policy.
    pub score: Option<Points>,
    /// When that attempt was handed in.
    pub handed_in: Option<String>,
    /// Its verdict.
    pub verdict: Option<String>,
}

/// What a student handed in for a lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenIn {
    /// Whose.
    pub student: String,
    /// For which lesson.
    pub lesson: LessonId,
    /// Each attempt with its verdict, in the order in which they were handed in.
    pub attempts: Vec<(AttemptFacts, String)>,
}

impl Book {
    /// The grades of `members` for what was taken in, by the policies of `course`.
    pub fn new(
        course: &Course,
        language: Language,
        members: Vec<Member>,
        taken: &[TakenIn],
        extensions: &Extensions,
        overrides: &[Override],
    ) -> Self {
        let there = |id: &LessonId| {
            taken.iter().any(|each| each.lesson == *id)
                || overrides.iter().any(|each| each.lesson == *id)
        };
        let lessons = course.lessons().filter(|lesson| there(&lesson.id));
        let lessons: Vec<_> = lessons
            .map(|lesson| BookLesson {
                id: lesson.id.clone(),
                titles: [Language::En, Language::Zh]
                    .map(|tongue| lesson.title.get(tongue).to_owned())
                    .into(),
                max: lesson.max_score(),
                due: course.policies.due.get(&lesson.id).map(ToString::to_string),
            })
            .collect();
        let mut taken: BTreeMap<(&str, &LessonId), &TakenIn> =
            taken.iter().map(|each| ((each.student.as_str(), &each.lesson), each)).collect();
        let overrides: BTreeMap<(&str, &LessonId), &Override> =
            overrides.iter().map(|each| ((each.student.as_str(), &each.lesson), each)).collect();
        let mut members = members;
        for member in &mut members {
            let mut grades = BTreeMap::new();
            for lesson in &lessons {
                let key = (member.student.as_str(), &lesson.id);
                let (own, overriding) = (taken.remove(&key), overrides.get(&key).copied());
                if own.is_some() || overriding.is_some() {
                    let due = extensions.due(&course.policies, &member.student, &lesson.id);
                    let attempts = own.map_or(&[][..], |own| &own.attempts);
                    let facts: Vec<_> = attempts.iter().map(|(facts, _)| facts.clone()).collect();
                    let grade = lesson_grade(&course.policies, lesson.max, &facts, due, overriding);
                    grades.insert(lesson.id.clone(), taken_of(grade, attempts));
                }
            }
            member.grades = grades;
            member.total = total(&course.policies, &parts(&lessons, member));
        }
        Self { language, lessons, members }
    }

    /// The lesson called `id`.
    pub fn lesson(&self, id: &str) -> Option<&BookLesson> {
        self.lessons.iter().find(|lesson| lesson.id.as_str() == id)
    }
}

fn taken_of(grade: LessonGrade, attempts: &[(AttemptFacts, String)]) -> Taken {
    let counts = attempts.iter().find(|(facts, _)| Some(facts.number) == grade.attempt);
    Taken {
        grade,
        score: counts.and_then(|(facts, _)| facts.score),
        handed_in: counts.and_then(|(facts, _)| Some(facts.handed_in.as_ref()?.to_string())),
        verdict: counts.map(|(_, verdict)| verdict.clone()),
    }
}

fn parts(lessons: &[BookLesson], member: &Member) -> Vec<Part> {
    let part = |lesson: &BookLesson| {
        let points = match member.grades.get(&lesson.id) {
            Some(taken) => taken.grade.points,
            None => Some(Points::ZERO),
        };
        Part { lesson: lesson.id.clone(), max: lesson.max, points }
    };
    lessons.iter().map(part).collect()
}

#[cfg(test)]
pub(crate) mod specimen {
    use std::path::Path;

    use super::*;

    const COURSE: &str = "
course: concurrency
title: { en: Concurrent programs, zh: 并发程序设计 }
policies: { zone: Europe/Berlin, late: [{ within: 1d, keeps: 90% }] }
units:
  - id: u
    title: { en: U, zh: 单元 }
    lessons:
      - id: lock
        title: { en: Locks, zh: 锁 }
        due: 2026-10-01 23:59
        tests: [{ name: t, points: 10 }]
      - id: pool-map
        title: { en: A parallel map, zh: 并行映射 }
        tests: [{ name: t, points: 12.5 }]
";

    pub(crate) fn course() -> Course {
        course::parse(COURSE, Path::new("course.yaml")).unwrap()
    }

    pub(crate) fn member(student: &str, name: &str, system_id: &str, id: &str) -> Member {
        Member {
            student: student.to_owned(),
            name: Some(name.to_owned()),
            system_id: Some(system_id.to_owned()),
            id: Some(id.to_owned()),
            email: Some(format!("{student}@example.org")),
            ..Member::default()
        }
    }

    pub(crate) fn taken(
        student: &str,
        lesson: &str,
        at: Option<&str>,
        score: Option<&str>,
    ) -> TakenIn {
        let facts = AttemptFacts {
            number: 1,
            handed_in: at.map(|at| at.parse().unwrap()),
            marked_late: None,
            score: score.map(|score| score.parse().unwrap()),
        };
        TakenIn {
            student: student.to_owned(),
            lesson: lesson.parse().unwrap(),
            attempts: vec![(facts, "pass".to_owned())],
        }
    }

    /// Ada has both, one of them late; Bao has one that could not be graded; Chidi has nothing.
    pub(crate) fn book() -> Book {
        let members = vec![
            member("ada", "Ada Lovelace", "101", "s1"),
            member("bao", "Bao Nguyen", "102", "s2"),
            member("chidi", "=Chidi Anagonye", "103", "s3"),
        ];
        let taken = [
            taken("ada", "lock", Some("2026-10-02 12:00"), Some("10")),
            taken("ada", "pool-map", None, Some("12.5")),
            taken("bao", "lock", None, None),
            taken("bao", "pool-map", None, Some("3.25")),
        ];
        Book::new(&course(), Language::En, members, &taken, &Extensions::default(), &[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_and_totals_come_together() {
        let book = specimen::book();
        let totals: Vec<_> = book
            .members
            .iter()
            .map(|member| {
                let points =
                    member.total.points.map_or("?".to_owned(), |points| points.to_string());
                format!("{} {points}/{}", member.student, member.total.max)
            })
            .collect();
        assert_eq!(totals, ["ada 21.5/22.5", "bao ?/22.5", "chidi 0/22.5"]);
    }
}
