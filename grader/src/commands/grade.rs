use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use course::{Language, LessonId};
use engine::class::{Graded, grade_class};
use engine::intake::{choose, collect};
use engine::{Workshop, score};
use report::table::Colour;
use report::{Report, Run, Status};

use crate::exit::{Exit, in_full};
use crate::output::{self, Format};
use crate::place;
use crate::progress::Progress;

/// Grade every submission in a folder
///
/// A submission is `<student>/<lesson>/src/lib.rs`, `<student>/<lesson>/lib.rs` or
/// `<student>/exercises/<lesson>/src/lib.rs`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grader grade examples/class
  grader grade handed-in --lesson semaphore --lesson lock --out results/week3
  grader grade handed-in --format json --jobs 4")]
pub(crate) struct Arguments {
    /// The folder that holds one folder for each student
    folder: PathBuf,
    /// Grade this lesson only; may be given several times
    #[arg(long = "lesson", value_name = "LESSON")]
    lessons: Vec<String>,
    /// Submissions graded at the same time [default: one for each core]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Where results are written
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// Write this form only; may be given several times [default: all of them]
    #[arg(long = "format", value_name = "FORMAT")]
    formats: Vec<Format>,
    /// The folder of the course [default: the nearest with a course.yaml, from here upwards]
    #[arg(long, value_name = "DIR")]
    course: Option<PathBuf>,
    /// Grade even where submissions of this user could see each other
    #[arg(long)]
    allow_weak: bool,
    /// The language of titles and hints
    #[arg(long, default_value = "en")]
    language: Tongue,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Tongue {
    En,
    Zh,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (root, course) = place::course(arguments.course.as_deref())?;
    let submissions = collect(&arguments.folder, &choose(&course, &arguments.lessons)?)?;
    output::open(&arguments.out)?;

    let lessons = lessons_of(&submissions);
    let jail = place::jail(arguments.allow_weak)?;
    Progress::say("building the lessons' tests");
    let started = chrono::Utc::now();
    let workshop = Workshop::set_up(&root, course, &lessons, jail)?;
    let progress = Progress::of(submissions.len());
    let jobs = place::jobs(arguments.jobs);
    let graded = grade_class(&workshop, &submissions, jobs, &|event| progress.tell(event));
    progress.finish();

    let run = Run {
        course: workshop.course().id.clone(),
        grader: env!("CARGO_PKG_VERSION").to_owned(),
        toolchain: workshop.toolchain().version().to_owned(),
        started: started.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        confinement: workshop.jail().tier.describe().to_owned(),
        language: match arguments.language {
            Tongue::En => Language::En,
            Tongue::Zh => Language::Zh,
        },
    };
    conclude(arguments, &workshop, &graded, &lessons, run)
}

/// The lessons that somebody handed in, each once.
fn lessons_of(submissions: &[engine::intake::Submission]) -> Vec<LessonId> {
    let mut lessons: Vec<_> =
        submissions.iter().map(|submission| submission.lesson.clone()).collect();
    lessons.sort();
    lessons.dedup();
    lessons
}

fn conclude(
    arguments: &Arguments,
    workshop: &Workshop,
    graded: &[Graded],
    lessons: &[LessonId],
    run: Run,
) -> anyhow::Result<Exit> {
    let report = score::report(workshop, graded, lessons, run);
    let (_, columns) = console::Term::stdout().size();
    let colour = if console::colors_enabled() { Colour::Always } else { Colour::Never };
    print!("{}", report::table::render(&report, columns.into(), colour));
    let formats = if arguments.formats.is_empty() { &Format::ALL[..] } else { &arguments.formats };
    if let Err(error) = output::write(&arguments.out, &report, formats) {
        eprintln!(
            "error: {}\nthe table above is complete; make room and grade again",
            in_full(&error)
        );
        return Ok(Exit::NotGradable);
    }
    eprintln!("results: {}", shown(&arguments.out));
    Ok(ending(&report))
}

fn shown(folder: &Path) -> String {
    folder.join("results.json").display().to_string()
}

fn ending(report: &Report) -> Exit {
    let all = report.submissions.iter().all(|submission| submission.status == Status::Graded);
    if all { Exit::Done } else { Exit::NotGradable }
}
