use std::path::PathBuf;

use clap::Args;

use crate::exit::Exit;
use crate::place;

/// Write the students' edition of the course: what to hand out
///
/// The exercises with their visible tests and what those are built from; no solutions, no
/// known-wrong submissions, no hidden tests. `cargo test -p <lesson>` works in it at once.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  grader course student ../concurrency-2026")]
pub(crate) struct Arguments {
    /// Where it goes: a folder that is empty or does not exist
    #[arg(value_name = "DIR")]
    to: PathBuf,
    /// The folder of the course [default: the nearest with a course.yaml, from here upwards]
    #[arg(long, value_name = "DIR")]
    course: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (root, course) = place::course(arguments.course.as_deref())?;
    let edition = edition::read(&root, &course)?;
    edition.write(&arguments.to)?;
    let (files, lessons) = (edition.paths().count(), course.lessons().count());
    let to = arguments.to.display();
    println!(
        "{to}: {lessons} lessons, {files} files; try `cargo test -p {}` in it",
        first(&course)
    );
    Ok(Exit::Done)
}

fn first(course: &course::Course) -> &str {
    course.lessons().next().expect("a course has a lesson").id.as_str()
}
