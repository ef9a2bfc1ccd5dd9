use std::io::Write;

use anyhow::Context;
use clap::Args;
use keeper::{Keeper, Weak};

use crate::exit::Exit;

/// Say what the walls around submissions hold on this host, and what would help
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grader doctor
  grader doctor --json | jq .tier")]
pub(crate) struct Arguments {
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Be content with walls that let submissions of the same user see each other
    #[arg(long)]
    allow_weak: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let itself = std::env::current_exe().context("cannot find the grader's own executable")?;
    let weak = if arguments.allow_weak { Weak::Allowed } else { Weak::Refused };
    let report = doctor::examine(&Keeper::new(itself), weak);
    let text = if arguments.json {
        serde_json::to_string_pretty(&report)? + "\n"
    } else {
        doctor::table(&report)
    };
    std::io::stdout().write_all(text.as_bytes()).context("cannot show the report")?;
    Ok(if report.tier.is_some() { Exit::Done } else { Exit::NotGradable })
}
