use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use engine::Workshop;
use explore::{Finding, HandedIn, Model, Witness};
use intake::SourceFile;

use super::explore::show;
use crate::exit::Exit;
use crate::place;
use crate::progress::Progress;

/// Run the one schedule of a witness again
///
/// Exits with 0 when the failure is reproduced, and with 1 when the schedule passes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grader replay witnesses/no_schedule_loses_an_update.witness.json
  grader replay witnesses/deadlock.witness.json --html deadlock.html
  grader replay results/witnesses/emil/lock/no_schedule_loses_a_change.witness.json")]
pub(crate) struct Arguments {
    /// What `grader explore` or `grader grade` wrote
    witness: PathBuf,
    /// Draw the schedule into this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Run a submission even where it could see others of this user
    #[arg(long)]
    allow_weak: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let witness = Witness::read(&arguments.witness)?;
    let finding = match &witness.handed_in {
        Some(handed_in) => submission(&witness, handed_in, arguments.allow_weak)?,
        None => {
            let here = std::env::current_dir().context("cannot tell the working directory")?;
            explore::replay(&Model::find(&here)?, &witness)?
        }
    };
    show(&finding);
    if let Some(path) = &arguments.html {
        std::fs::write(path, explore::html(&finding))
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("\ndrawn: {}", path.display());
    }
    if finding.is_like(&witness.finding) {
        println!("\nreproduced: {}", witness.finding.message);
        return Ok(Exit::Done);
    }
    println!("\nnot reproduced: the witness says \"{}\"", witness.finding.message);
    Ok(Exit::Found)
}

/// Runs the schedule of a submission, where submissions run: in the jail.
fn submission(witness: &Witness, handed_in: &HandedIn, weak: bool) -> anyhow::Result<Finding> {
    // exercises/<lesson>/tests/explored.rs
    let root = witness.target.ancestors().nth(4);
    let root = root.with_context(|| format!("no course above {}", witness.target.display()))?;
    let (root, course) = place::course(Some(root))?;
    let lesson = course.lesson(&handed_in.lesson);
    let lesson = lesson.with_context(|| format!("no lesson `{}`", handed_in.lesson))?.id.clone();
    let jail = place::jail(weak)?;
    let workshop =
        Workshop::set_up(&root, course, std::slice::from_ref(&lesson), jail, Progress::say)?;
    let file =
        |(path, text): &(PathBuf, String)| SourceFile { path: path.clone(), text: text.clone() };
    let files: Vec<SourceFile> = handed_in.files.iter().map(file).collect();
    Ok(workshop.replay(&lesson, &files, &witness.finding)?)
}
