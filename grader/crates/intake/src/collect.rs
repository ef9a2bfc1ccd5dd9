use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use course::{Course, Lesson, LessonId};
use thiserror::Error;

use crate::archive::{Refusal, Shelf};
use crate::layout::Layout;
use crate::lessons::{Known, assign, same};
use crate::map::Map;
use crate::notice::{Kind, Notice};
use crate::piece::{Piece, Who, look_through};
use crate::roster::{Listed, Match, Roster};
use crate::source::{self, Source};
use crate::student::StudentName;
use crate::submission::{Attempt, Submission};

/// What to look for, and how.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The course.
    pub course: &'a Course,
    /// Its folder, whose stubs tell lessons apart by content.
    pub root: &'a Path,
    /// The lessons that are graded.
    pub lessons: &'a [&'a Lesson],
    /// How names are to be read; found out if none is given.
    pub layout: Option<Layout>,
    /// Rules that say for which lesson a file is.
    pub maps: &'a [Map],
    /// Who takes part.
    pub roster: Option<&'a Roster>,
}

/// What was handed in. Files lie where they were, or are unpacked until this is dropped.
pub struct Intake {
    /// By student, lesson and attempt.
    pub submissions: Vec<Submission>,
    /// What is known of those who handed in or are on the roster.
    pub people: BTreeMap<StudentName, Person>,
    /// What the instructor has to know, the most important first.
    pub notices: Vec<Notice>,
    /// How each source was read.
    pub taken: Vec<Taken>,
    _shelf: Shelf,
}

/// How a source was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Which.
    pub source: PathBuf,
    /// The way in which its names were read.
    pub layout: Layout,
    /// What speaks for it.
    pub why: String,
}

/// What is known of a student besides their name in the results.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// A name for people.
    pub name: Option<String>,
    /// The number under which the system that submissions come from knows them.
    pub system_id: Option<String>,
    /// The number on the roster.
    pub id: Option<String>,
    /// Their address.
    pub email: Option<String>,
    /// Whom they work with.
    pub group: Option<String>,
    /// Where they are taught.
    pub section: Option<String>,
}

/// Why nothing was taken in.
#[derive(Debug, Error)]
pub enum IntakeError {
    /// A source cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file that is no archive.
    #[error("{path} is no folder and no zip, tar or tar.gz", path = path.display())]
    Form {
        /// Which.
        path: PathBuf,
    },
    /// An archive of a class that is not taken in.
    #[error("{path} is not taken in: {why}", path = path.display())]
    Archive {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: Refusal,
    },
    /// Two layouts fit.
    #[error("{path} fits {a} and {b}; say which with --layout", path = path.display())]
    Layouts {
        /// The source.
        path: PathBuf,
        /// One.
        a: Layout,
        /// Another.
        b: Layout,
    },
    /// No room to unpack archives.
    #[error("cannot make a folder to unpack archives in: {0}; is the disk full?")]
    Shelf(#[source] io::Error),
    /// Nothing in it looks like a submission.
    #[error(
        "no submissions in {sources}; expected <student>/<lesson>/src/lib.rs, \
         <student>/<lesson>/lib.rs, <student>/exercises/<lesson>/src/lib.rs or the download of a \
         learning-management system, with a lesson of {lessons}{details}"
    )]
    Empty {
        /// The sources.
        sources: String,
        /// The lessons that were looked for.
        lessons: String,
        /// What was found in place of them, a line each.
        details: String,
    },
}

/// What was handed in for the lessons of `options` in `sources`, folders or archives.
///
/// A student who has a folder for a lesson has submitted it, with whatever is in there; one
/// who has none has not, nor has one whose copy of the course is untouched there.
pub fn collect(sources: &[PathBuf], options: &Options<'_>) -> Result<Intake, IntakeError> {
    let mut shelf = Shelf::new().map_err(IntakeError::Shelf)?;
    let asked = |lesson: &Lesson| options.lessons.iter().any(|asked| asked.id == lesson.id);
    let lessons = options.course.lessons();
    let known: Vec<_> =
        lessons.map(|lesson| Known::new(options.root, lesson, asked(lesson))).collect();
    let mut class = Class::new(options);
    for path in sources {
        let source = source::open(path, options.layout, options.lessons, &mut shelf)?;
        class.leave_out(&source);
        let split = source.layout.split(&source.listing, options.roster);
        class.notices.extend(split.notices);
        class.leave_out_those(&split.left_out);
        let (layout, why) = (source.layout, source.why);
        class.taken.push(Taken { source: path.clone(), layout, why });
        let pieces = class.identify(split.pieces);
        for (piece, students) in pieces {
            let (files, refused) = look_through(&piece, &mut shelf);
            let assigned = assign(&piece, &files, &refused, &known, options.maps);
            if assigned.notices.iter().any(|notice| notice.kind.keeps_from_grading()) {
                class.left_out.extend(students.iter().cloned());
            }
            class.notices.extend(assigned.notices);
            for (lesson, files) in assigned.lessons {
                let entry = Entry {
                    label: piece.label.clone(),
                    number: piece.number,
                    at: piece.at.clone(),
                    late: piece.late,
                    files,
                };
                for student in &students {
                    let key = (student.clone(), lesson.clone());
                    class.entries.entry(key).or_default().push(entry.clone());
                }
            }
        }
    }
    class.finish(sources, shelf)
}

/// What one student handed in for one lesson, before it is known as which attempt.
#[derive(Clone, Debug)]
struct Entry {
    label: String,
    number: u32,
    at: Option<course::Moment>,
    late: Option<bool>,
    files: Result<Vec<crate::submission::FileAt>, crate::submission::BadFile>,
}

struct Class<'a> {
    options: &'a Options<'a>,
    entries: BTreeMap<(StudentName, LessonId), Vec<Entry>>,
    people: BTreeMap<StudentName, Person>,
    notices: Vec<Notice>,
    taken: Vec<Taken>,
    unknown: BTreeSet<StudentName>,
    /// Those of whom something was not taken in, so that they are not said to be missing.
    left_out: BTreeSet<StudentName>,
}

impl<'a> Class<'a> {
    fn new(options: &'a Options<'a>) -> Self {
        Self {
            options,
            entries: BTreeMap::new(),
            people: BTreeMap::new(),
            notices: Vec::new(),
            taken: Vec::new(),
            unknown: BTreeSet::new(),
            left_out: BTreeSet::new(),
        }
    }

    /// Lists what was not unpacked.
    fn leave_out(&mut self, source: &Source) {
        for aside in &source.aside {
            self.notices.push(Notice::new(Kind::Refused, &aside.name, aside.why.to_string()));
        }
        let split = source.layout.split(&source.listing_aside(), self.options.roster);
        for (_, students) in self.identify(split.pieces) {
            self.left_out.extend(students);
        }
    }

    fn leave_out_those(&mut self, those: &[Who]) {
        let found = those.iter().filter_map(|who| match self.options.roster?.find(who) {
            Match::One(listed) => Some(listed.student()),
            Match::Several(_) | Match::Nobody => None,
        });
        self.left_out.extend(found);
    }

    /// Says whose each piece is. One whose author cannot be told is listed and left out.
    fn identify(&mut self, pieces: Vec<Piece>) -> Vec<(Piece, Vec<StudentName>)> {
        let twins = twins(&pieces);
        let mut identified = Vec::new();
        for piece in pieces {
            let students: Option<Vec<_>> =
                piece.authors.iter().map(|who| self.student(who, &piece.label, &twins)).collect();
            identified.extend(students.map(|students| (piece, students)));
        }
        identified
    }

    fn student(&mut self, who: &Who, label: &str, twins: &BTreeSet<String>) -> Option<StudentName> {
        let found = self.options.roster.map(|roster| roster.find(who));
        let (student, person) = match found {
            Some(Match::One(listed)) => {
                if let Some(id) = who.id.as_ref().filter(|_| !listed.goes_by(who)) {
                    let says = format!(
                        "is taken for {}, by the number {id} alone; the name is another",
                        listed.student
                    );
                    self.notices.push(Notice::new(Kind::Remark, label, says));
                }
                (listed.student(), known(listed, Some(who)))
            }
            Some(Match::Several(several)) => {
                let names: Vec<_> = several.iter().map(|listed| listed.student.as_str()).collect();
                let how = match who.of_assignment {
                    true => "take Moodle's grading worksheet of this assignment as the roster",
                    false => "give their numbers in the roster",
                };
                let says = format!("may be of {}; {how}", names.join(" or of "));
                self.left_out.extend(several.iter().map(|listed| listed.student()));
                self.notices.push(Notice::new(Kind::Ambiguous, label, says));
                return None;
            }
            Some(Match::Nobody) | None => {
                let name = match &who.id {
                    Some(id) if twins.contains(&who.name) => format!("{} ({id})", who.name),
                    _ => who.name.clone(),
                };
                let student = StudentName::new(&name);
                if found.is_some() {
                    self.unknown.insert(student.clone());
                }
                let (system_id, email) = (who.id.clone(), who.email.clone());
                (
                    student,
                    Person { name: Some(who.name.clone()), system_id, email, ..Person::default() },
                )
            }
        };
        self.people.insert(student.clone(), person);
        Some(student)
    }

    fn finish(mut self, sources: &[PathBuf], shelf: Shelf) -> Result<Intake, IntakeError> {
        self.refuse_namesakes();
        let mut submissions = Vec::new();
        for ((student, lesson), entries) in std::mem::take(&mut self.entries) {
            match in_order(entries) {
                Ok(entries) => {
                    submissions.extend(entries.into_iter().zip(1..).map(|(entry, number)| {
                        let attempt = Attempt { number, at: entry.at, late: entry.late };
                        Submission {
                            student: student.clone(),
                            lesson: lesson.clone(),
                            attempt,
                            files: entry.files,
                        }
                    }))
                }
                Err((a, b)) => {
                    let says = format!(
                        "`{a}` and `{b}` are both of {student} for {lesson}, and nothing says which came last; keep one"
                    );
                    self.notices.push(Notice::new(Kind::Ambiguous, student.as_str(), says));
                    self.left_out.insert(student);
                }
            }
        }
        self.list_missing(&submissions);
        self.notices.sort();
        self.notices.dedup();
        if submissions.is_empty()
            && !self.notices.iter().any(|notice| notice.kind.keeps_from_grading())
        {
            return Err(self.empty(sources));
        }
        let place = |id: &LessonId| self.options.lessons.iter().position(|lesson| lesson.id == *id);
        submissions.sort_by(|a, b| {
            let attempts = a.attempt.number.cmp(&b.attempt.number);
            a.student.cmp(&b.student).then(place(&a.lesson).cmp(&place(&b.lesson))).then(attempts)
        });
        let Self { people, notices, taken, .. } = self;
        Ok(Intake { submissions, people, notices, taken, _shelf: shelf })
    }

    /// Students whose names a person would take for the same are not told apart by guessing.
    fn refuse_namesakes(&mut self) {
        let mut names: BTreeMap<String, BTreeSet<StudentName>> = BTreeMap::new();
        for (student, _) in self.entries.keys() {
            names.entry(student.folded()).or_default().insert(student.clone());
        }
        for namesakes in names.into_values().filter(|namesakes| namesakes.len() > 1) {
            let list: Vec<_> = namesakes.iter().map(|name| format!("`{name}`")).collect();
            let says = "differ in case alone and are one student on many systems; rename one";
            self.notices.push(Notice::new(Kind::Refused, list.join(" and "), says));
            self.entries.retain(|(student, _), _| !namesakes.contains(student));
        }
    }

    fn list_missing(&mut self, submissions: &[Submission]) {
        for student in std::mem::take(&mut self.unknown) {
            self.notices.push(Notice::new(Kind::Unknown, student.as_str(), ""));
        }
        let Some(roster) = self.options.roster else { return };
        let present: BTreeSet<_> = submissions.iter().map(|each| &each.student).collect();
        for listed in roster.people() {
            let student = listed.student();
            if !present.contains(&student) && !self.left_out.contains(&student) {
                let name = listed.name.as_deref().unwrap_or_default();
                self.notices.push(Notice::new(Kind::Missing, student.as_str(), name));
            }
            self.people.entry(student).or_insert_with(|| known(listed, None));
        }
    }

    fn empty(&self, sources: &[PathBuf]) -> IntakeError {
        let names: Vec<_> = self.options.lessons.iter().map(|lesson| lesson.id.as_str()).collect();
        let sources: Vec<_> = sources.iter().map(|path| path.display().to_string()).collect();
        let shown = self.notices.iter().filter(|notice| notice.kind == Kind::Unmatched).take(5);
        let details = shown.map(|notice| format!("\n  {notice}")).collect();
        IntakeError::Empty { sources: sources.join(", "), lessons: names.join(", "), details }
    }
}

fn known(listed: &Listed, who: Option<&Who>) -> Person {
    let system = |field: fn(&Who) -> &Option<String>| who.and_then(|who| field(who).clone());
    Person {
        name: listed.name.clone().or_else(|| who.map(|who| who.name.clone())),
        system_id: system(|who| &who.id),
        id: listed.id.clone(),
        email: listed.email.clone().or_else(|| system(|who| &who.email)),
        group: listed.group.clone(),
        section: listed.section.clone(),
    }
}

/// The names that several people of different numbers share.
fn twins(pieces: &[Piece]) -> BTreeSet<String> {
    let mut numbers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for who in pieces.iter().flat_map(|piece| &piece.authors) {
        if let Some(id) = &who.id {
            numbers.entry(&who.name).or_default().insert(id);
        }
    }
    let shared = numbers.into_iter().filter(|(_, numbers)| numbers.len() > 1);
    shared.map(|(name, _)| name.to_owned()).collect()
}

/// The attempts in the order in which they were handed in, or two of which nothing says it.
fn in_order(mut entries: Vec<Entry>) -> Result<Vec<Entry>, (String, String)> {
    let timed = entries.iter().all(|entry| entry.at.is_some());
    if timed {
        entries.sort_by_key(|entry| entry.at.clone().map(|at| at.rough_order()));
    } else {
        entries.sort_by_key(|entry| entry.number);
    }
    let mut ordered: Vec<Entry> = Vec::new();
    for entry in entries {
        let Some(last) = ordered.last() else {
            ordered.push(entry);
            continue;
        };
        let apart = if timed { last.at != entry.at } else { last.number != entry.number };
        if apart {
            ordered.push(entry);
        } else if !same(&last.files, &entry.files) {
            return Err((last.label.clone(), entry.label));
        }
    }
    Ok(ordered)
}

/// The lessons that `ids` name, or all of them if none is named.
pub fn choose<'a>(course: &'a Course, ids: &[String]) -> Result<Vec<&'a Lesson>, UnknownLesson> {
    if ids.is_empty() {
        return Ok(course.lessons().collect());
    }
    let known = || course.lessons().map(|lesson| lesson.id.to_string()).collect::<Vec<_>>();
    let find = |id: &String| {
        let unknown = || UnknownLesson { id: id.clone(), known: known().join(", ") };
        course.lesson(id).ok_or_else(unknown)
    };
    ids.iter().map(find).collect()
}

/// A lesson that the course does not have.
#[derive(Debug, Error)]
#[error("no lesson `{id}` in this course; it has {known}")]
pub struct UnknownLesson {
    /// What was asked for.
    pub id: String,
    /// What there is.
    pub known: String,
}
