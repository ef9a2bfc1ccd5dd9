use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use report::compare::{Change, Essence, compare};
use report::{GradedLesson, Run};

use crate::exit::Exit;

/// Say whose results changed between two runs, in which test, and why
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grader compare results/week3 results/week3-again
  grader compare results-old results-new --json")]
pub(crate) struct Arguments {
    /// The folder of the earlier results
    old: PathBuf,
    /// The folder of the later results
    new: PathBuf,
    /// Print the changes as JSON lines
    #[arg(long)]
    json: bool,
}

/// The results in a folder, as far as they are compared.
struct Results {
    run: Run,
    lessons: Vec<GradedLesson>,
    essences: BTreeMap<(String, String), Essence>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (old, new) = (read(&arguments.old)?, read(&arguments.new)?);
    let changes = compare(&old.essences, &new.essences);
    if arguments.json {
        for change in &changes {
            println!("{}", serde_json::to_string(change)?);
        }
        return Ok(Exit::Done);
    }
    for line in circumstances(&old, &new) {
        println!("{line}");
    }
    for change in &changes {
        print!("{change}");
    }
    let same = new.essences.len() - changes.iter().filter(|change| change.is_in_new()).count();
    println!("{}", summary(&changes, same));
    Ok(Exit::Done)
}

fn read(folder: &Path) -> anyhow::Result<Results> {
    let path = if folder.is_dir() { folder.join("results.json") } else { folder.to_owned() };
    let failed =
        || format!("cannot read {}; name a folder that `grade --out` wrote", path.display());
    let file = File::open(&path).with_context(failed)?;
    let mut essences = BTreeMap::new();
    let (run, lessons) = report::results::read_each(BufReader::new(file), |submission| {
        let key = (submission.student.clone(), submission.lesson.to_string());
        essences.insert(key, Essence::of(submission));
    })
    .with_context(failed)?;
    Ok(Results { run, lessons, essences })
}

/// What else was different.
fn circumstances(old: &Results, new: &Results) -> Vec<String> {
    let (a, b) = (&old.run, &new.run);
    let mut lines = Vec::new();
    for (what, old, new) in [
        ("grader", &a.grader, &b.grader),
        ("compiler", &a.toolchain, &b.toolchain),
        ("walls", &a.confinement, &b.confinement),
    ] {
        if old != new {
            lines.push(format!("{what}: {old} -> {new}"));
        }
    }
    for lesson in &new.lessons {
        let before = old.lessons.iter().find(|before| before.id == lesson.id);
        if let Some(before) = before.filter(|before| before.max_score != lesson.max_score) {
            lines
                .push(format!("{}: worth {} -> {}", lesson.id, before.max_score, lesson.max_score));
        }
    }
    lines
}

fn summary(changes: &[Change], same: usize) -> String {
    let count = |is: fn(&Change) -> bool| changes.iter().filter(|change| is(change)).count();
    let (up, down) = (count(Change::is_better), count(Change::is_worse));
    let (new, gone) = (count(Change::is_new), count(|change| !change.is_in_new()));
    let other = changes.len() - up - down - new - gone;
    let mut text = format!("{same} unchanged, {up} with more points, {down} with fewer");
    for (number, what) in [(new, "new"), (gone, "gone"), (other, "changed otherwise")] {
        if number > 0 {
            text += &format!(", {number} {what}");
        }
    }
    text
}
