use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use course::LessonId;
use engine::Workshop;
use engine::check::{Soundness, check};
use intake::choose;

use crate::exit::Exit;
use crate::place;
use crate::progress::Progress;

/// Prove the course sound
///
/// Every solution gets full marks, every stub fails, every folder in tests/submissions gets
/// exactly the verdict of its expect.yaml and fails the tests that it names, points fit the
/// tests, texts and hints exist, and no snapshot is stale.
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
    /// Specimens graded at the same time [default: one for each core]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Grade even where specimens of this user could see each other
    #[arg(long)]
    allow_weak: bool,
    /// The folder of the course [default: the nearest with a course.yaml, from here upwards]
    #[arg(long, value_name = "DIR")]
    course: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (root, course) = place::course(arguments.course.as_deref())?;
    let chosen = choose(&course, &arguments.lessons)?;
    let lessons: Vec<LessonId> = chosen.iter().map(|lesson| lesson.id.clone()).collect();
    let jail = place::jail(arguments.allow_weak)?;
    Progress::say("building the lessons' tests");
    let workshop = Workshop::set_up(&root, course, &lessons, jail)?;
    let progress = Progress::of(engine::check::count(&root, &workshop, &lessons)?);
    let jobs = place::jobs(arguments.jobs);
    let soundness = check(&root, &workshop, &lessons, jobs, &|event| progress.tell(event))?;
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
    if soundness.unsound.is_empty() {
        return format!("sound: {lessons} lessons, {graded} submissions as expected\n");
    }
    let mut text = String::new();
    for unsound in &soundness.unsound {
        text.push_str(&format!("{}: {}\n", unsound.lesson, unsound.part));
        for line in unsound.problem.lines() {
            text.push_str(&format!("    {line}\n"));
        }
    }
    text + &format!("unsound: {} problems in {graded} submissions\n", soundness.unsound.len())
}
