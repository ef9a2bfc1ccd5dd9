mod deliver;
mod find;
mod place;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use course::{Course, CourseId, Language, LessonId};
use engine::bundle::Bundle;
use intake::{Attempt, StudentName, Submission as HandedIn};
use platforms::{Platform, Sitting};
use report::Run;

use crate::booth::{self, Found, Task};
use crate::exit::{Exit, in_full};
use place::Place;

/// Grade the one submission that a learning-management system hands over
///
/// Run by the entry script of what `grader export` makes. It reads the platform's folders, grades,
/// stops by itself before the platform's limit, and writes the result that the platform reads.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grader at gradescope --bundle /autograder/source/interleave --limit 600
  grader at exercism --bundle /opt/interleave --submission /solution --output /output")]
pub(crate) struct Arguments {
    /// Where this is
    platform: Platform,
    /// The folder with bundle.json, which `grader export` made
    #[arg(long, value_name = "DIR")]
    bundle: PathBuf,
    /// The folder that the platform's absolute paths begin in
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
    /// Where the submission lies [default: where the platform puts it]
    #[arg(long, value_name = "DIR")]
    submission: Option<PathBuf>,
    /// The folder or the file that the result goes to [default: where the platform reads it]
    #[arg(long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Grade this lesson of the bundle only; may be given several times
    #[arg(long = "lesson", value_name = "LESSON")]
    lessons: Vec<String>,
    /// A folder to work in, outside of /tmp [default: the bundle's, or /var/tmp]
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// Seconds after which the platform ends the run
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    limit: u64,
    /// The language of titles and hints
    #[arg(long, default_value = "en")]
    language: Tongue,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Tongue {
    En,
    Zh,
}

impl Arguments {
    /// When to stop: a tenth before the end, but at least two seconds and at most half a minute.
    fn until(&self, started: Instant) -> Instant {
        let limit = Duration::from_secs(self.limit);
        let least = Duration::from_secs(2).min(limit / 2);
        let reserve = (limit / 10).clamp(least, Duration::from_secs(30).max(least));
        started + (limit - reserve)
    }

    fn run(&self, course: Option<&Course>) -> Run {
        let nameless = || "unknown".parse::<CourseId>().expect("it is a name");
        let now = chrono::Utc::now();
        Run {
            course: course.map_or_else(nameless, |course| course.id.clone()),
            grader: env!("CARGO_PKG_VERSION").to_owned(),
            toolchain: "unknown".to_owned(),
            started: now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            confinement: "no walls were put up, and nothing of the submission was run".to_owned(),
            language: match self.language {
                Tongue::En => Language::En,
                Tongue::Zh => Language::Zh,
            },
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .context("cannot listen for signals")?;
    }
    let place = Place::of(arguments)?;
    deliver::clear(&place);
    let (course, found) = match grade(arguments, &place, started, &stop) {
        Ok((course, found)) => (Some(course), found),
        Err(error) => {
            let (run, fault) = (arguments.run(None), Some(in_full(&error)));
            let (notes, submissions) = (Vec::new(), Vec::new());
            (None, Found { run, notes, submissions, fault })
        }
    };
    let Found { run, notes: more, submissions, fault } = found;
    let mut notes = place.notes.clone();
    notes.extend(more);
    let sitting = match &fault {
        Some(fault)
            if submissions
                .iter()
                .all(|each| each.tests.iter().all(|test| test.score.is_none())) =>
        {
            Sitting::of_nothing(run, notes, fault)
        }
        _ => Sitting::new(run, &submissions, notes),
    };
    if let Some(fault) = &fault {
        eprintln!("error: {fault}");
    }
    deliver::deliver(&place, course.as_ref(), &sitting, &submissions)
}

fn grade(
    arguments: &Arguments,
    place: &Place,
    started: Instant,
    stop: &AtomicBool,
) -> anyhow::Result<(Course, Found)> {
    let bundle = Bundle::read(&arguments.bundle)?;
    let course = bundle.course()?;
    let handed_in = hand_in(arguments, &bundle, &course, place)?;
    let scratch = booth::scratch(bundle.folder(), arguments.scratch.as_deref())?;
    let task =
        Task { bundle: &bundle, course: &course, handed_in: &handed_in, scratch: scratch.path() };
    let found = booth::sit(task, arguments.run(Some(&course)), arguments.until(started), stop);
    Ok((course, found))
}

/// What was handed in for each lesson of the bundle, in the order of the course.
fn hand_in(
    arguments: &Arguments,
    bundle: &Bundle,
    course: &Course,
    place: &Place,
) -> anyhow::Result<Vec<HandedIn>> {
    let folder = place.submission()?;
    let wanted = |id: &&LessonId| {
        arguments.lessons.is_empty() || arguments.lessons.iter().any(|lesson| lesson == id.as_str())
    };
    let graded: Vec<_> = bundle.ids().filter(wanted).collect();
    if graded.is_empty() {
        bail!("this bundle does not hold the lesson {}", arguments.lessons.join(", "));
    }
    let lessons = course.lessons().filter(|lesson| graded.contains(&&lesson.id));
    let student = StudentName::new(&place.people.join(", "));
    let alone = graded.len() == 1;
    let handed_in = lessons.map(|lesson| HandedIn {
        student: student.clone(),
        lesson: lesson.id.clone(),
        attempt: Attempt::default(),
        files: find::find(&folder, lesson, alone, bundle.folder()),
    });
    Ok(handed_in.collect())
}
