use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::Context;
use clap::Args;
use course::{Course, Language, LessonId};
use engine::class::{Graded, Way, grade_class};
use engine::fingerprint::Fingerprints;
use engine::grade::Outcome;
use engine::{Workshop, score};
use explore::{HandedIn, Witness};
use gradebook::{Book, Extensions, Member, RunFacts, Store};
use intake::{
    Intake, Layout, Map, Options, Person, Roster, StudentName, Submission, choose, collect,
};
use records::journal::{Journal, Place};
use records::{Digest, Hasher};
use report::sheet::Stages;
use report::table::Colour;
use report::{Run, Status};
use site::Names;

use crate::caching::Caching;
use crate::exit::{Exit, in_full};
use crate::output::{self, Format};
use crate::place;
use crate::progress::Progress;
use crate::results::{Record, Results, Row};
use crate::stage;
use crate::tongue::Tongue;

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
    /// Who takes part: CSV with the column `student` and any of name, id, email, github, group,
    /// section
    #[arg(long, value_name = "FILE")]
    roster: Option<PathBuf>,
    /// Later due dates: CSV with the columns student, lesson, due; replaces those given before
    #[arg(long, value_name = "FILE")]
    extensions: Option<PathBuf>,
    /// Submissions graded at the same time [default: one for each core]
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
    let intake = take_in(arguments, &root, &course)?;
    output::open(&arguments.out)?;
    let mut store = open_gradebook(arguments, &course)?;
    let cache = arguments.caching.open()?;
    let stop = stop_when_asked()?;

    let jail = place::jail(arguments.allow_weak)?;
    Progress::say("building the lessons' tests");
    let started = chrono::Utc::now();
    let workshop = Workshop::set_up(&root, course, &lessons_of(&intake.submissions), jail);
    // Ctrl-C ends cargo too, whose end then says nothing about the course.
    if stop.load(Ordering::Relaxed) {
        eprintln!("stopped before anything was graded; the same command goes on");
        return Ok(Exit::NotGradable);
    }
    let workshop = workshop?;
    let fingerprints =
        Fingerprints::of(&workshop).context("cannot read what the tests consist of")?;
    let language = Language::from(arguments.language);
    let run = Run {
        course: workshop.course().id.clone(),
        grader: env!("CARGO_PKG_VERSION").to_owned(),
        toolchain: workshop.toolchain().version().to_owned(),
        started: started.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        confinement: workshop.jail().tier.describe().to_owned(),
        language,
    };
    let desk = Desk::open(&arguments.out, &root, &run)?;
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
        Ok((Results::new(run, workshop.course(), graded, &book, &journal)?, stages))
    });
    match results {
        Ok((results, stages)) => conclude(arguments, &intake, results, stages, journal),
        Err(error) => Ok(unwritten(&error, "everything is graded and kept")),
    }
}

fn open_gradebook(arguments: &Arguments, course: &Course) -> anyhow::Result<Store> {
    let mut store = Store::open(&arguments.out)?;
    if let Some(path) = &arguments.extensions {
        let failed = || format!("cannot use the extensions in {}", path.display());
        let text = std::fs::read_to_string(path).with_context(failed)?;
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

/// What was handed in, and what there is to say about it, on standard error.
fn take_in(arguments: &Arguments, root: &Path, course: &Course) -> anyhow::Result<Intake> {
    let roster = arguments.roster.as_deref().map(Roster::load).transpose()?;
    let intake = collect(
        &arguments.sources,
        &Options {
            course,
            root,
            lessons: &choose(course, &arguments.lessons)?,
            layout: arguments.layout,
            maps: &arguments.maps,
            roster: roster.as_ref(),
        },
    )?;
    for taken in &intake.taken {
        let (source, layout, why) = (taken.source.display(), taken.layout, &taken.why);
        eprintln!("{source}: {layout} layout ({why})");
    }
    let found = notices(&intake);
    if !found.is_empty() {
        eprintln!("{found}");
    }
    Ok(intake)
}

/// Notices of one kind that are printed; the rest is counted.
const SHOWN: usize = 20;

fn notices(intake: &Intake) -> String {
    let mut text = String::new();
    for notices in intake.notices.chunk_by(|a, b| a.kind == b.kind) {
        text += &format!("{} ({}):\n", notices[0].kind.heading(), notices.len());
        notices.iter().take(SHOWN).for_each(|notice| text += &format!("  {notice}\n"));
        if notices.len() > SHOWN {
            text += &format!("  ... and {} more\n", notices.len() - SHOWN);
        }
    }
    text.trim_end().to_owned()
}

/// A flag that Ctrl-C sets, and whoever else asks politely. Asked twice, the grader ends at once.
fn stop_when_asked() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        let asked = Arc::clone(&stop);
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&asked))
            .and_then(|_| signal_hook::flag::register(signal, asked))
            .context("cannot listen for Ctrl-C")?;
    }
    Ok(stop)
}

/// The lessons that somebody handed in, each once.
fn lessons_of(submissions: &[Submission]) -> Vec<LessonId> {
    let mut lessons: Vec<_> =
        submissions.iter().map(|submission| submission.lesson.clone()).collect();
    lessons.sort();
    lessons.dedup();
    lessons
}

/// Whose attempt at which lesson: student, lesson, number.
type Key = (String, LessonId, u32);

/// Where results come together.
struct Desk {
    out: PathBuf,
    journal: Journal,
    language: Language,
    /// What an earlier run that did not come to its end has left.
    earlier: HashMap<Key, (Row, Place)>,
}

impl Desk {
    fn open(out: &Path, root: &Path, run: &Run) -> anyhow::Result<Self> {
        let circumstances = circumstances(root, run)?;
        let path = out.join("journal");
        let (journal, opened) = Journal::open(&path, circumstances, Row::of)?;
        if opened.damaged > 0 {
            eprintln!(
                "{} records of the journal were damaged; these are graded again",
                opened.damaged
            );
        }
        let earlier: HashMap<Key, (Row, Place)> =
            opened.records.into_iter().map(|(row, place)| (key(&row), (row, place))).collect();
        if !earlier.is_empty() {
            eprintln!("going on with a run that was stopped: {} results are kept", earlier.len());
        }
        Ok(Self { out: out.to_owned(), journal, language: run.language, earlier })
    }

    /// Grades what is not there yet; returns all rows, fewer than submissions if it was stopped.
    fn grade(
        &self,
        workshop: &Workshop,
        submissions: &[Submission],
        way: Way<'_>,
    ) -> anyhow::Result<Vec<(Row, Place)>> {
        let progress = Progress::of(submissions.len());
        let rows = Mutex::new(Vec::with_capacity(submissions.len()));
        let add = |row| rows.lock().expect("nobody panics while holding this").push(row);
        let kept = |submission: &Submission, digest: &Digest| {
            let key = key_of(submission);
            let found = self.earlier.get(&key).filter(|(row, _)| row.is_of(submission, digest));
            found.cloned().map(add).is_some()
        };
        let take = |graded: &Graded<'_>| -> anyhow::Result<()> {
            let lesson = workshop.lesson(&graded.submission.lesson);
            let record = Record {
                digest: graded.digest,
                attempt: graded.submission.attempt.number,
                result: score::score(graded, lesson, self.language),
            };
            output::draw(&self.out, &record.result)?;
            write_witnesses(&self.out, workshop, graded)?;
            let place = self.journal.append(&record)?;
            add((Row::of(record), place));
            Ok(())
        };
        let done =
            grade_class(workshop, submissions, way, &kept, &take, &|event| progress.tell(event));
        progress.finish();
        done?;
        Ok(rows.into_inner().expect("nobody panics while holding this"))
    }
}

/// Writes what `grader replay` needs to run each failing schedule of a submission again.
fn write_witnesses(out: &Path, workshop: &Workshop, graded: &Graded<'_>) -> anyhow::Result<()> {
    let submission = graded.submission;
    let (Ok(Outcome::Judged { explorations, .. }), Some(test)) =
        (&graded.outcome, workshop.explored(&submission.lesson))
    else {
        return Ok(());
    };
    for found in explorations.iter().filter(|found| found.schedule.is_some()) {
        let Ok(files) = submission.read() else { return Ok(()) };
        let handed_in = HandedIn {
            student: submission.student.to_string(),
            lesson: submission.lesson.to_string(),
            files: files.into_iter().map(|file| (file.path, file.text)).collect(),
        };
        let path = out.join(score::witness(submission, &found.name));
        let folder = path.parent().unwrap_or(out);
        Witness::of_submission(test, handed_in, found.clone())?.write(folder)?;
    }
    Ok(())
}

fn key(row: &Row) -> Key {
    (row.result.student.clone(), row.result.lesson.clone(), row.attempt)
}

fn key_of(submission: &Submission) -> Key {
    (submission.student.to_string(), submission.lesson.clone(), submission.attempt.number)
}

/// What a score depends on besides the outcome: points, titles and hints, and their language.
fn circumstances(root: &Path, run: &Run) -> anyhow::Result<Digest> {
    let course = root.join(course::FILE);
    let text =
        std::fs::read(&course).with_context(|| format!("cannot read {}", course.display()))?;
    let language = match run.language {
        Language::En => "en",
        Language::Zh => "zh",
    };
    Ok(Hasher::default().part(&run.grader).part(text).part(language).finish())
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
    stages: Stages,
    journal: Journal,
) -> anyhow::Result<Exit> {
    let report = results.overview();
    let (_, columns) = console::Term::stdout().size();
    let colour = if console::colors_enabled() { Colour::Always } else { Colour::Never };
    print!("{}", report::table::render(&report, columns.into(), colour));
    let left_out = intake.notices.iter().filter(|notice| notice.kind.keeps_from_grading()).count();
    if left_out > 0 {
        println!("{left_out} not taken in; said above, and graded once they are put right");
    }
    let formats =
        if arguments.formats.is_empty() { &Format::USUAL[..] } else { &arguments.formats };
    let names = if arguments.anonymous { output::numbers() } else { Names::Shown };
    let shown = output::Shown { names, stages };
    let written = output::write(&arguments.out, &mut results, formats, &shown);
    let written = written.and_then(|()| output::settle(&arguments.out));
    if let Err(error) = written.and_then(|()| Ok(journal.finish()?)) {
        return Ok(unwritten(&error, "the table above is complete"));
    }
    eprintln!("results: {}", arguments.out.join("results.json").display());
    let all = report.submissions.iter().all(|submission| submission.status == Status::Graded);
    Ok(if all && left_out == 0 { Exit::Done } else { Exit::NotGradable })
}
