//! The results of a class, which does not fit into memory: a row for each is kept, the rest
//! is read from the journal when it is needed.

use std::cmp::Reverse;
use std::collections::HashMap;

use course::{Course, Language, LessonId};
use gradebook::{Book, Member, Taken};
use intake::Submission as HandedIn;
use records::journal::Place;
use records::{Digest, Journal, Reader};
use report::junit::Totals;
use report::{Grade, GradedLesson, Report, Run, Status, Submission};
use serde::{Deserialize, Serialize};

/// A result as it stands in the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Stands for the files and all that the outcome depends on.
    pub(crate) digest: Digest,
    /// Which of the student's attempts it is, from 1.
    pub(crate) attempt: u32,
    /// What came of it.
    pub(crate) result: Submission,
}

/// What is kept of a result.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) digest: Digest,
    pub(crate) attempt: u32,
    /// The result without its tests, and without a message that it shares with thousands.
    pub(crate) result: Submission,
    pub(crate) totals: Totals,
}

impl Row {
    /// What is kept of `record`.
    pub(crate) fn of(record: Record) -> Self {
        let Record { digest, attempt, mut result } = record;
        let mut totals = Totals::default();
        totals.add(&result);
        result.tests = Vec::new();
        result.message = result.message.filter(|_| result.status == Status::NotGradable);
        Self { digest, attempt, result, totals }
    }

    /// Whether it is the attempt that `taken` counts.
    fn is_counted(&self, taken: &Taken) -> bool {
        let at = self.result.handed_in.as_ref().and_then(|handed_in| handed_in.at.as_ref());
        match at {
            Some(_) => taken.handed_in.as_ref() == at,
            None => taken.handed_in.is_none() && taken.grade.attempt == Some(self.attempt),
        }
    }

    /// What it counts for, if that is not its score alone.
    fn grade(&self, taken: &Taken, language: Language) -> Option<Grade> {
        let grade = &taken.grade;
        let plain = grade.because.is_empty() && grade.attention.is_none();
        if plain && grade.points == self.result.score {
            return None;
        }
        Some(Grade { points: grade.points, because: grade.told(language) })
    }

    /// Whether it is the result of `submission`, whose files and terms have `digest`.
    pub(crate) fn is_of(&self, submission: &HandedIn, digest: &Digest) -> bool {
        let graded = self.result.status == Status::Graded;
        graded && self.digest == *digest && self.attempt == submission.attempt.number
    }
}

/// The results that count, in the order of reports.
pub(crate) struct Results {
    pub(crate) run: Run,
    pub(crate) lessons: Vec<GradedLesson>,
    rows: Vec<(Row, Place)>,
    reader: Reader,
}

impl Results {
    /// Of each student's attempts at a lesson the one that counts, with what it counts for.
    pub(crate) fn new(
        run: Run,
        course: &Course,
        graded: Vec<(Row, Place)>,
        book: &Book,
        journal: &Journal,
    ) -> anyhow::Result<Self> {
        let place = |id: &LessonId| course.lessons().position(|lesson| lesson.id == *id);
        let members: HashMap<&str, &Member> =
            book.members.iter().map(|member| (member.student.as_str(), member)).collect();
        let taken =
            |row: &Row| members.get(row.result.student.as_str())?.grades.get(&row.result.lesson);
        let mut rows = graded;
        // The attempt that counts comes first, and otherwise the last.
        rows.sort_by_cached_key(|(row, _)| {
            let counts = taken(row).is_some_and(|taken| row.is_counted(taken));
            (row.result.student.clone(), place(&row.result.lesson), !counts, Reverse(row.attempt))
        });
        rows.dedup_by(|(later, _), (first, _)| {
            later.result.student == first.result.student
                && later.result.lesson == first.result.lesson
        });
        for (row, _) in &mut rows {
            row.result.grade = taken(row).and_then(|taken| row.grade(taken, run.language));
        }
        let graded =
            |lesson: &&course::Lesson| rows.iter().any(|(row, _)| row.result.lesson == lesson.id);
        let lessons = course.lessons().filter(graded);
        let lessons = lessons.map(|lesson| GradedLesson::new(lesson, run.language)).collect();
        Ok(Self { run, lessons, rows, reader: journal.reader()? })
    }

    /// The report without what was seen in each test: enough for a table.
    pub(crate) fn overview(&self) -> Report {
        let rows = self.rows.iter().map(|(row, _)| row.result.clone());
        Report::new(self.run.clone(), self.lessons.clone(), rows.collect())
    }

    /// How many tests there are in all.
    pub(crate) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.rows.iter().for_each(|(row, _)| totals += row.totals);
        totals
    }

    /// Hands on each student's results, whole, in the order of reports.
    pub(crate) fn each_student(
        &mut self,
        mut each: impl FnMut(Vec<Submission>),
    ) -> anyhow::Result<()> {
        let same = |a: &(Row, Place), b: &(Row, Place)| a.0.result.student == b.0.result.student;
        for rows in self.rows.chunk_by(same) {
            let read = rows.iter().map(|(_, place)| self.reader.read(*place));
            let records: Vec<Record> = read.collect::<Result<_, _>>()?;
            let results: Vec<_> = records
                .into_iter()
                .zip(rows)
                .map(|(record, (row, _))| Submission {
                    grade: row.result.grade.clone(),
                    ..record.result
                })
                .collect();
            each(results);
        }
        Ok(())
    }
}
