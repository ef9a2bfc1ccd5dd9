use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use course::LessonId;

use crate::exit::Exit;
use crate::place;

/// Begin a new lesson, which `course check` then guides to completion
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  grader course new rendezvous --unit communication
  grader course check --lesson rendezvous")]
pub(crate) struct Arguments {
    /// Its name: lower-case words with hyphens, as in `shared-memory`
    #[arg(value_name = "LESSON")]
    lesson: LessonId,
    /// The unit at whose end it goes [default: the last]
    #[arg(long)]
    unit: Option<String>,
    /// The folder of the course [default: the nearest with a course.yaml, from here upwards]
    #[arg(long, value_name = "DIR")]
    course: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (root, course) = place::course(arguments.course.as_deref())?;
    let path = root.join(course::FILE);
    let text = std::fs::read_to_string(&path);
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    let id = &arguments.lesson;
    let draft = scaffold::draft(&course, &text, id, arguments.unit.as_deref())?;
    for path in draft.write(&root)? {
        println!("{}", path.display());
    }
    println!("{}: lesson `{id}` added", course::FILE);
    println!(
        "next: fill in each `{}`, then ask `grader course check --lesson {id}`",
        scaffold::TO_WRITE
    );
    Ok(Exit::Done)
}
