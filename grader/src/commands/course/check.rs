use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use clap::Args;
use course::LessonId;
use engine::Workshop;
use engine::check::{Soundness, Unsound, check};
use engine::class::Way;
use engine::fingerprint::Fingerprints;
use engine::mutate::plan;
use intake::choose;

use crate::caching::Caching;
use crate::exit::Exit;
use crate::place;
use crate::progress::Progress;

/// Prove the course sound
///
/// Every solution gets full marks, every stub fails, a program that ends at once passes no test,
/// every folder in tests/submissions gets exactly the verdict of its expect.yaml and fails the
/// tests that it names, points fit the tests, texts and hints exist, and no snapshot is stale.
/// Every mutant listed in tests/mutants is one of its solution.
/// What was graded before is not graded again, unless something that it depends on has changed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grader course check
  grader course check --lesson lock --json")]
pub(crate) struct Arguments {
    /// Check this lesson only; may be given several times
    #[arg(long = "lesson", value_name = "LESSON")]
    lessons: Vec<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Specimens graded at the same time [default: two for each core]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Grade even where specimens of this user could see each other
    #[arg(long)]
    allow_weak: bool,
    #[command(flatten)]
    caching: Caching,
    /// The folder of the course [default: the nearest with a course.yaml, from here upwards]
    #[arg(long, value_name = "DIR")]
    course: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (root, course) = place::course(arguments.course.as_deref())?;
    let chosen = choose(&course, &arguments.lessons)?;
    let lessons: Vec<LessonId> = chosen.iter().map(|lesson| lesson.id.clone()).collect();
    // A list of mutants that has fallen behind its solution is told before anything is graded.
    let solved = chosen.iter().copied().filter(|lesson| {
        let solution = root.join("solutions").join(lesson.id.as_str());
        lesson.files.iter().all(|file| solution.join(file.as_path()).is_file())
    });
    plan(&root, &solved.collect::<Vec<_>>())?;
    let jail = place::jail(arguments.allow_weak)?;
    Progress::say("building the lessons' tests");
    let workshop = Workshop::set_up(&root, course, &lessons, jail, Progress::say)?;
    let progress = Progress::of(engine::check::count(&root, &workshop, &lessons)?);
    let fingerprints =
        Fingerprints::of(&workshop).context("cannot read what the tests consist of")?;
    let cache = arguments.caching.open()?;
    let way = Way {
        fingerprints: &fingerprints,
        cache: Some(&cache),
        jobs: place::jobs(arguments.jobs),
        stop: &AtomicBool::new(false),
    };
    let soundness = check(&root, &workshop, &lessons, way, &|event| progress.tell(event))?;
    progress.finish();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&soundness)?);
    } else {
        print!("{}", in_words(&soundness, lessons.len()));
    }
    Ok(if soundness.unsound.is_empty() { Exit::Done } else { Exit::Unsound })
}

fn in_words(soundness: &Soundness, lessons: usize) -> String {
    let graded = soundness.graded;
    let known = match soundness.known {
        0 => String::new(),
        known => format!(" ({known} known from before; --no-cache grades them again)"),
    };
    let mut text = String::new();
    for (word, list) in [("unsteady", &soundness.unsteady), ("unsound", &soundness.unsound)] {
        for Unsound { lesson, part, problem } in list {
            text.push_str(&format!("{word}: {lesson}: {part}\n"));
            for line in problem.lines() {
                text.push_str(&format!("    {line}\n"));
            }
        }
    }
    if !soundness.unsteady.is_empty() {
        text += "What is unsteady is luck, as grading it again showed: list under \
                 `may_fail` in its expect.yaml what fails by luck, or make the tests surer.\n";
    }
    text + &match soundness.unsound.len() {
        0 => format!("sound: {lessons} lessons, {graded} submissions as expected{known}\n"),
        problems => format!("unsound: {problems} problems in {graded} submissions{known}\n"),
    }
}
