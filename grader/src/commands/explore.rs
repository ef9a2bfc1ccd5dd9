use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use explore::{Effort, Finding, Model, Witness};
use serde_json::json;

use crate::exit::Exit;

/// Explore the schedules of every test in a file or crate
///
/// The code is plain std; nothing in it is changed. Each test runs under thousands of
/// schedules, and one that fails is written down so that `grader replay` can run it again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grader explore queue.rs
  grader explore queue.rs --schedules 50000 --seed 7 --json
  grader explore path/to/crate --time 5s")]
pub(crate) struct Arguments {
    /// A .rs file with tests, or the folder of a crate
    target: PathBuf,
    /// Schedules per test, besides those of an exhaustive search [default: 5000]
    #[arg(long, value_name = "N")]
    schedules: Option<usize>,
    /// What the choice of schedules depends on [default: 1]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Stop each test after this time, such as `500ms` or `5s`
    #[arg(long, value_name = "TIME", value_parser = duration)]
    time: Option<Duration>,
    /// The edition of a file
    #[arg(long, value_name = "YEAR", default_value = "2024")]
    edition: String,
    /// Where a witness per failing test is written
    #[arg(long, value_name = "DIR", default_value = "witnesses")]
    witnesses: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let here = std::env::current_dir().context("cannot tell the working directory")?;
    let model = Model::find(&here)?;
    let effort =
        Effort { schedules: arguments.schedules, seed: arguments.seed, time: arguments.time };
    let findings = explore::explore(&model, &arguments.target, &arguments.edition, effort)?;
    let mut tests = Vec::new();
    for finding in &findings {
        let witness = witness(arguments, finding)?;
        if arguments.json {
            tests.push(as_json(finding, witness.as_deref()));
        } else {
            show(finding);
            if let Some(path) = witness {
                println!("  witness: {0} (run it again: grader replay {0})\n", path.display());
            }
        }
    }
    if arguments.json {
        let document = json!({ "schema": "interleave/explore/v1", "tests": tests });
        println!("{}", serde_json::to_string_pretty(&document)?);
    }
    let passed = findings.iter().all(Finding::passed);
    Ok(if passed { Exit::Done } else { Exit::Found })
}

/// Prints one finding for a person.
pub(crate) fn show(finding: &Finding) {
    let explored = match (finding.exhaustive, finding.schedules) {
        (true, schedules) => format!("exhaustive: {schedules} schedules, all there are"),
        (false, schedules) => format!("{schedules} schedules explored"),
    };
    let file = finding.file.as_ref().map(|file| format!(" in {}", file.display()));
    let file = file.unwrap_or_default();
    println!("{:<12} {}{file}  ({explored})", finding.verdict.as_str(), finding.name);
    if !finding.passed() {
        println!("  {}", finding.message.replace('\n', "\n  "));
    }
    if let Some(first) = finding.first_failure_at {
        println!(
            "  fails in {} of {}, first in number {first} ({}, seed {})",
            finding.failures, finding.schedules, finding.scheduler, finding.seed
        );
    }
    if let Some(graph) = &finding.wait_for {
        for node in &graph.nodes {
            let at = node.at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
            let held = graph.edges.iter().filter(|edge| edge.from == node.id).find_map(|edge| {
                let holder = graph.nodes.iter().find(|other| other.id == edge.to)?;
                let since = edge.held_since.as_ref()?;
                Some(format!(", held by {} since {since}", holder.name))
            });
            let held = held.unwrap_or_default();
            println!("  {} waits{at} for {}{held}", node.name, node.waits_for);
        }
    }
    if !finding.interleaving.is_empty() {
        println!("\n{}", finding.interleaving.trim_end());
    }
    if !finding.passed() && !finding.output.is_empty() {
        println!("\n  printed: {}", finding.output.trim_end().replace('\n', "\n           "));
    }
    for note in &finding.notes {
        println!("  note: {note}");
    }
}

fn witness(arguments: &Arguments, finding: &Finding) -> anyhow::Result<Option<PathBuf>> {
    if finding.passed() || finding.schedule.is_none() {
        return Ok(None);
    }
    let witness = Witness::new(&arguments.target, &arguments.edition, finding.clone())?;
    Ok(Some(witness.write(&arguments.witnesses)?))
}

fn as_json(finding: &Finding, witness: Option<&Path>) -> serde_json::Value {
    json!({
        "name": finding.name,
        "file": finding.file,
        "verdict": finding.verdict,
        "schedules": finding.schedules,
        "exhaustive": finding.exhaustive,
        "failures": finding.failures,
        "scheduler": finding.scheduler,
        "seed": finding.seed.parse::<u64>().ok(),
        "schedule": finding.schedule,
        "first_failure_at": finding.first_failure_at,
        "message": finding.message,
        "witness": witness,
        "notes": finding.notes,
    })
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) =
        text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number: u64 = number.parse().map_err(|_| "a number and a unit, such as `5s`".to_owned())?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" | "min" => Ok(Duration::from_secs(60 * number)),
        _ => Err("the unit is one of ms, s, min, as in `5s`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        assert_eq!(duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert!(duration("5").is_err() && duration("s").is_err());
    }
}
