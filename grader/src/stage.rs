//! How far each lesson's life has gone, which decides what students see of its tests.

use chrono::{DateTime, TimeDelta, Utc};
use clap::ValueEnum;
use course::Course;
use gradebook::Extensions;
use report::sheet::{Stage, Stages};

/// A stage, as it is given on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Given {
    /// Students still hand in
    Open,
    /// It is due: they also see tests that are shown after the due date
    Due,
    /// Grades are published: they also see tests that are shown from then on
    Published,
}

/// The stage of every lesson: the one that is given, or what its due dates say.
///
/// A lesson is due once the last date of all is over, extensions and grace included: what one
/// student is shown, all know. A lesson without a due date is open.
pub(crate) fn stages(
    course: &Course,
    extensions: &Extensions,
    now: DateTime<Utc>,
    given: Option<Given>,
) -> Stages {
    let stage = |lesson: &course::Lesson| match given {
        Some(Given::Open) => Stage::Open,
        Some(Given::Due) => Stage::Due,
        Some(Given::Published) => Stage::Published,
        None => by_date(course, extensions, now, lesson),
    };
    course.lessons().map(|lesson| (lesson.id.clone(), stage(lesson))).collect()
}

fn by_date(
    course: &Course,
    extensions: &Extensions,
    now: DateTime<Utc>,
    lesson: &course::Lesson,
) -> Stage {
    let policies = &course.policies;
    let Some(due) = policies.due.get(&lesson.id).and_then(|due| due.at(policies.zone).ok()) else {
        return Stage::Open;
    };
    let own = extensions.iter().filter(|extension| extension.lesson == lesson.id);
    let extended = own.filter_map(|extension| extension.due.at(policies.zone).ok());
    let last = extended.fold(due, Ord::max);
    let grace = TimeDelta::from_std(policies.grace).unwrap_or_default();
    if now > last + grace { Stage::Due } else { Stage::Open }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const COURSE: &str = "
course: c
title: { en: C, zh: 课 }
policies: { zone: Europe/Berlin, grace: 15min }
units:
  - id: u
    title: { en: U, zh: 单元 }
    lessons:
      - id: lock
        title: { en: Locks, zh: 锁 }
        due: 2026-10-01 12:00
        tests: [{ name: t, points: 10 }]
      - id: pipe
        title: { en: Pipes, zh: 管道 }
        tests: [{ name: t, points: 10 }]
";

    fn stage(lesson: &str, extensions: &str, now: &str, given: Option<Given>) -> Stage {
        let course = course::parse(COURSE, Path::new("course.yaml")).unwrap();
        let table = format!("student,lesson,due\n{extensions}");
        let extensions = Extensions::parse(&table, &course).unwrap();
        stages(&course, &extensions, now.parse().unwrap(), given).of(&lesson.parse().unwrap())
    }

    #[test]
    fn a_lesson_is_due_once_the_last_date_and_grace_are_over() {
        let lock = |extensions, now| stage("lock", extensions, now, None);
        assert_eq!(lock("", "2026-10-01T10:15:00Z"), Stage::Open);
        assert_eq!(lock("", "2026-10-01T10:15:01Z"), Stage::Due);
        let extended = "ada,lock,2026-10-03 12:00\nbao,lock,2026-09-03 12:00\n";
        assert_eq!(lock(extended, "2026-10-02T10:00:00Z"), Stage::Open);
        assert_eq!(lock(extended, "2026-10-03T10:16:00Z"), Stage::Due);
    }

    #[test]
    fn without_a_date_it_stays_open_and_what_is_given_holds() {
        let late = "2030-01-01T00:00:00Z";
        assert_eq!(stage("pipe", "", late, None), Stage::Open);
        assert_eq!(stage("pipe", "", late, Some(Given::Published)), Stage::Published);
        assert_eq!(stage("lock", "", late, Some(Given::Open)), Stage::Open);
    }
}
