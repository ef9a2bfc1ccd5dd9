use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use explore::{Model, Witness};

use super::explore::show;
use crate::exit::Exit;

/// Run the one schedule of a witness again
///
/// Exits with 0 when the failure is reproduced, and with 1 when the schedule passes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grader replay witnesses/no_schedule_loses_an_update.witness.json
  grader replay witnesses/deadlock.witness.json --html deadlock.html")]
pub(crate) struct Arguments {
    /// What `grader explore` wrote
    witness: PathBuf,
    /// Draw the schedule into this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let witness = Witness::read(&arguments.witness)?;
    let here = std::env::current_dir().context("cannot tell the working directory")?;
    let finding = explore::replay(&Model::find(&here)?, &witness)?;
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
