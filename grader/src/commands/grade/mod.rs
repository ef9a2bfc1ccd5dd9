mod desk;
mod sources;
mod stop;

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use anyhow::Context;
use clap::Args;
use course::{Course, Language, LessonId};
use engine::Workshop;
use engine::class::Way;
use engine::fingerprint::Fingerprints;
use gradebook::{Book, Extensions, Member, RunFacts, Store};
use intake::{Intake, Kind, Layout, Map, Person, StudentName, Submission};
use records::journal::{Journal, Place};
use report::table::Colour;
use report::{Run, Status};
use site::Names;

use crate::caching::Caching;
use crate::exit::{Exit, in_full};
use crate::output::{self, Format};
use crate::place;
use crate::progress::Progress;
use crate::results::{Results, Row};
use crate::tongue::Tongue;
use crate::{stage, tables};

use self::desk::{Desk, GRADER};

/// Grade every submission in folders or archives
///
/// A source holds a folder or an archive for each student, with `<lesson>/src/lib.rs`,
/// `<lesson>/lib.rs` or `exercises/<lesson>/src/lib.rs` in it; or it is what Moodle, Canvas,
/// Gradescope, Blackboard, nbgrader or GitHub let download, zipped or not.
///
/// Every result is on the disk before the next submission begins. A run that was stopped, by
/// whatever, goes on where it was when it is started again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grader grade examples/class
  grader grade handed-in --lesson semaphore --lesson lock --out results/week3
  grader grade moodle-download.zip --lesson lock --roster roster.csv
  grader grade handed-in --map 'hw3/*.rs=pool-map' --format json --jobs 4")]
pub(crate) struct Arguments {
    /// Folders, or archives (zip, tar, tar.gz), that hold what students handed in
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<PathBuf>,
    /// Grade this lesson only; may be given several times
    #[arg(long = "lesson", value_name = "LESSON")]
    lessons: Vec<String>,
    /// How names in the sources are to be read [default: found out]
    #[arg(long, value_name = "LAYOUT")]
    layout: Option<Layout>,
    /// Take files whose path fits for this lesson: '*/hw1.rs=lock'; may be given several times
    #[arg(long = "map", value_name = "PATTERN=LESSON")]
    maps: Vec<Map>,
    /// Who takes part: CSV with the column `student` (or `email`) and any of name, id, email,
    /// github, group, section; or the grading worksheet that Moodle offers of the assignment
    #[arg(long, value_name = "FILE")]
    roster: Option<PathBuf>,
    /// Later due dates: CSV with the columns student, lesson, due; replaces those given before
    #[arg(long, value_name = "FILE")]
    extensions: Option<PathBuf>,
    /// Submissions graded at the same time [default: two for each core]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Where results are written
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// Write this form only; may be given several times [default: json, junit,
    /// gradescope, sheets and html]
    #[arg(long = "format", value_name = "FORMAT")]
    formats: Vec<Format>,
    /// The folder of the course [default: the nearest with a course.yaml, from here upwards]
    #[arg(long, value_name = "DIR")]
    course: Option<PathBuf>,
    #[command(flatten)]
    caching: Caching,
    /// Number the students in html/, in a way that tells nobody who is who
    #[arg(long)]
    anonymous: bool,
    /// Grade even where submissions of this user could see each other
    #[arg(long)]
    allow_weak: bool,
    /// The language of titles, hints and pages
    #[arg(long, default_value = "en")]
    language: Tongue,
    /// What students are shown of the tests [default: by the lessons' due dates]
    #[arg(long, value_name = "STAGE")]
    stage: Option<stage::Given>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (root, course) = place::course(arguments.course.as_deref())?;
    let intake = sources::take_in(arguments, &root, &course)?;
    output::open(&arguments.out)?;
    let language = Language::from(arguments.language);
    let desk = Desk::open(&arguments.out, &root, language)?;
    let mut store = open_gradebook(arguments, &course)?;
    let cache = arguments.caching.open()?;
    let stop = stop::when_asked()?;

    let jail = place::jail(arguments.allow_weak)?;
    Progress::say("building the lessons' tests");
    let started = chrono::Utc::now();
    let lessons = lessons_of(&intake.submissions);
    let workshop = Workshop::set_up(&root, course, &lessons, jail, Progress::say);
    // Ctrl-C ends cargo too, whose end then says nothing about the course.
    if stop.load(Ordering::Relaxed) {
        eprintln!("stopped before anything was graded; the same command goes on");
        return Ok(Exit::NotGradable);
    }
    let workshop = workshop?;
    let fingerprints =
        Fingerprints::of(&workshop).context("cannot read what the tests consist of")?;
    let run = Run {
        course: workshop.course().id.clone(),
        grader: GRADER.to_owned(),
        toolchain: workshop.toolchain().version().to_owned(),
        started: started.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        confinement: workshop.jail().tier.describe().to_owned(),
        language,
    };
    let jobs = place::jobs(arguments.jobs);
    let way = Way { fingerprints: &fingerprints, cache: Some(&cache), jobs, stop: &stop };
    let graded = desk.grade(&workshop, &intake.submissions, way);
    let Desk { journal, .. } = desk;
    let graded = match graded {
        Ok(graded) => graded,
        Err(error) => return Ok(unwritten(&error, "what was graded so far is kept")),
    };
    if graded.len() < intake.submissions.len() {
        let (done, all) = (graded.len(), intake.submissions.len());
        journal.leave()?;
        eprintln!(
            "stopped: {done} of {all} submissions are graded and kept in {}; \
             the same command goes on with the others",
            arguments.out.display()
        );
        return Ok(Exit::NotGradable);
    }
    let entered = enter(&mut store, workshop.course(), &run, &intake, &graded);
    let results = entered.and_then(|(book, extensions)| {
        let stages = stage::stages(workshop.course(), &extensions, started, arguments.stage);
        let names = if arguments.anonymous { output::numbers() } else { Names::Shown };
        let class = class_of(&intake, workshop.course().title.get(language));
        let shown = output::Shown { names, stages, class };
        let apart = has_totals_of_its_own(&book);
        Ok((Results::new(run, workshop.course(), graded, &book, &journal)?, shown, apart))
    });
    match results {
        Ok((results, shown, apart)) => {
            conclude(arguments, &intake, results, &shown, apart, journal)
        }
        Err(error) => Ok(unwritten(&error, "everything is graded and kept")),
    }
}

fn open_gradebook(arguments: &Arguments, course: &Course) -> anyhow::Result<Store> {
    let mut store = Store::open(&arguments.out)?;
    if let Some(path) = &arguments.extensions {
        let failed = || format!("cannot use the extensions in {}", path.display());
        let (text, _) = tables::read(path)?;
        store.set_extensions(&Extensions::parse(&text, course).with_context(failed)?)?;
    }
    Ok(store)
}

/// Enters the results into the gradebook, and returns what all in it comes to, and by which
/// extensions.
fn enter(
    store: &mut Store,
    course: &Course,
    run: &Run,
    intake: &Intake,
    graded: &[(Row, Place)],
) -> anyhow::Result<(Book, Extensions)> {
    let facts = RunFacts {
        started: run.started.clone(),
        grader: run.grader.clone(),
        toolchain: run.toolchain.clone(),
        confinement: run.confinement.clone(),
    };
    let members: Vec<Member> = intake.people.iter().map(member).collect();
    store.record(&facts, &members, |take| {
        graded.iter().try_for_each(|(row, _)| take(&row.digest.to_string(), &row.result))
    })?;
    let (members, taken) = (store.members()?, store.taken_in()?);
    let (extensions, overrides) = (store.extensions()?, store.overrides()?);
    for extension in extensions.iter() {
        let student = &extension.student;
        if !members.iter().any(|member| member.student == *student) {
            let (student, lesson) = (report::printable(student), &extension.lesson);
            eprintln!(
                "{student} has an extension for {lesson}, and nobody is called that; see `grader book list`"
            );
        }
    }
    let book = Book::new(course, run.language, members, &taken, &extensions, &overrides);
    Ok((book, extensions))
}

fn member((student, person): (&StudentName, &Person)) -> Member {
    let Person { name, system_id, id, email, group, section } = person.clone();
    Member {
        student: student.to_string(),
        name,
        system_id,
        id,
        email,
        group,
        section,
        ..Member::default()
    }
}

/// The lessons that somebody handed in, each once.
fn lessons_of(submissions: &[Submission]) -> Vec<LessonId> {
    let mut lessons: Vec<_> =
        submissions.iter().map(|submission| submission.lesson.clone()).collect();
    lessons.sort();
    lessons.dedup();
    lessons
}

/// What the course is called, who takes part, and who of them handed in nothing.
fn class_of(intake: &Intake, course: &str) -> site::Class {
    let person = |person: &Person| {
        let Person { name, group, section, .. } = person.clone();
        site::Person { name, group, section }
    };
    let people = intake.people.iter().map(|(student, known)| (student.to_string(), person(known)));
    let missing = intake.notices.iter().filter(|notice| notice.kind == Kind::Missing);
    site::Class {
        course: Some(course.to_owned()),
        people: people.collect(),
        absent: missing.map(|notice| notice.about.clone()).collect(),
    }
}

/// Whether totals are no plain sums of what was graded in this run.
fn has_totals_of_its_own(book: &Book) -> bool {
    let set_without_work =
        |member: &Member| member.grades.values().any(|taken| taken.verdict.is_none());
    book.members.iter().any(|member| !member.total.because.is_empty() || set_without_work(member))
}

/// Says that results could not be written, and what is safe all the same.
fn unwritten(error: &anyhow::Error, safe: &str) -> Exit {
    eprintln!("error: {}\n{safe}; make room and grade again", in_full(error));
    Exit::NotGradable
}

fn conclude(
    arguments: &Arguments,
    intake: &Intake,
    mut results: Results,
    shown: &output::Shown,
    apart: bool,
    journal: Journal,
) -> anyhow::Result<Exit> {
    let report = results.overview();
    let (_, columns) = console::Term::stdout().size();
    let colour = if console::colors_enabled() { Colour::Always } else { Colour::Never };
    let mut table = report::table::render(&report, columns.into(), colour);
    let left_out = intake.notices.iter().filter(|notice| notice.kind.keeps_from_grading()).count();
    if left_out > 0 {
        table +=
            &format!("{left_out} not taken in; said above, and graded once they are put right\n");
    }
    if apart {
        table += "totals are plain sums here; with lessons dropped or required, and points set for \
                  work that was not handed in, they are in `grader book list`\n";
    }
    // Whoever has stopped reading still gets the results.
    _ = std::io::stdout().write_all(table.as_bytes());
    let formats =
        if arguments.formats.is_empty() { &Format::USUAL[..] } else { &arguments.formats };
    let written = output::write(&arguments.out, &mut results, formats, shown);
    let written = written.and_then(|()| output::settle(&arguments.out));
    if let Err(error) = written.and_then(|()| Ok(journal.finish()?)) {
        return Ok(unwritten(&error, "the table above is complete"));
    }
    eprintln!("results: {}", arguments.out.join("results.json").display());
    let all = report.submissions.iter().all(|submission| submission.status == Status::Graded);
    Ok(if all && left_out == 0 { Exit::Done } else { Exit::NotGradable })
}
