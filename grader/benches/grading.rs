//! Grades the same submissions in three ways and prints processor and wall time of each.
//!
//!     cargo bench -p grader --bench grading -- [submissions] [lesson] [rounds]
//!
//! - `grader`: this grader, one run over the whole class;
//! - `usual loop`: copy src/lib.rs into the exercise, `cargo test -p`, one shared target folder;
//! - `bare`: rustc on the library and the driver, and each run that the tests make of the
//!   program, with the same arguments, without any test: what cannot be saved. What a lesson's
//!   explorations take is not in it, so a lesson without them is the one to look at.
//!
//! All three run in turn in each round, on the same machine, so their ratios hold where bare times do
//! not; how far apart the ratios of the rounds are tells how far.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod common;
#[path = "common/runs.rs"]
mod runs;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};

use common::{Cost, measure, run, usual_root};
use runs::{alone, runs_of};

fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let count: usize = words.next().map_or(Ok(10), |word| word.parse())?;
    let lesson = words.next().unwrap_or_else(|| "semaphore".to_owned());
    let rounds: usize = words.next().map_or(Ok(3), |word| word.parse())?;
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the grader is in a workspace")?;
    let scratch = tempfile::tempdir()?;
    let class = Class::new(root, &lesson, count, scratch.path())?;

    // Each way once on one submission first, so that what is built once is built.
    with_grader(&class, 1)?;
    let loop_root = usual_root(root, scratch.path())?;
    usual_loop(&class, &loop_root, 1)?;
    let tested = usual_root(root, &scratch.path().join("tested"))?;
    usual_loop(&class, &tested, 1)?;
    let runs = runs_of(&tested, &lesson, scratch.path())?;

    let one_round = |_| {
        Ok([
            measure(|| with_grader(&class, count))?,
            measure(|| usual_loop(&class, &loop_root, count))?,
            measure(|| bare(&class, &tested, scratch.path(), count, &runs))?,
        ])
    };
    let costs = (0..rounds).map(one_round).collect::<anyhow::Result<Vec<_>>>()?;
    let each = runs.len();
    println!(
        "{rounds} times {count} submissions to {lesson}, all of them right; {each} runs of each \
         program\n"
    );
    println!("{:12} {:>14} {:>14} {:>12}", "", "CPU s each", "wall s each", "cores busy");
    let total = |way: usize, what: fn(&Cost) -> Duration| {
        costs.iter().map(|round| what(&round[way])).sum::<Duration>().as_secs_f64()
    };
    for (way, name) in ["grader", "usual loop", "bare"].into_iter().enumerate() {
        let (cpu, wall) = (total(way, |cost| cost.cpu), total(way, |cost| cost.wall));
        let each = |time: f64| time / (rounds * count) as f64;
        println!("{name:12} {:>14.3} {:>14.3} {:>12.2}", each(cpu), each(wall), cpu / wall);
    }
    println!();
    let (grader, usual, bare) = (0, 1, 2);
    for (names, a, b, what) in [
        ("CPU, grader / usual loop: ", grader, usual, (|cost| cost.cpu) as fn(&Cost) -> Duration),
        ("CPU, grader / bare:       ", grader, bare, |cost| cost.cpu),
        ("CPU, usual loop / bare:   ", usual, bare, |cost| cost.cpu),
        ("wall, usual loop / grader:", usual, grader, |cost| cost.wall),
    ] {
        let ratio =
            |round: &[Cost; 3]| what(&round[a]).as_secs_f64() / what(&round[b]).as_secs_f64();
        let ratios: Vec<_> = costs.iter().map(|round| format!("{:.2}", ratio(round))).collect();
        println!("{names} {:.2} ({})", total(a, what) / total(b, what), ratios.join(", "));
    }
    Ok(())
}

/// Submissions that differ in a comment, so that none is graded for another.
struct Class {
    lesson: String,
    folder: PathBuf,
    sources: Vec<String>,
}

impl Class {
    fn new(root: &Path, lesson: &str, count: usize, scratch: &Path) -> anyhow::Result<Self> {
        let solution =
            std::fs::read_to_string(root.join(format!("solutions/{lesson}/src/lib.rs")))?;
        let sources: Vec<_> = (0..count).map(|n| format!("{solution}\n// {n}\n")).collect();
        Ok(Self { lesson: lesson.to_owned(), folder: scratch.join("classes"), sources })
    }

    /// A folder with the first `count` submissions.
    fn of(&self, count: usize) -> anyhow::Result<PathBuf> {
        let folder = self.folder.join(count.to_string());
        for (number, source) in self.sources.iter().take(count).enumerate() {
            let place = folder.join(format!("student-{number:04}")).join(&self.lesson).join("src");
            std::fs::create_dir_all(&place)?;
            std::fs::write(place.join("lib.rs"), source)?;
        }
        Ok(folder)
    }
}

fn with_grader(class: &Class, count: usize) -> anyhow::Result<()> {
    let folder = class.of(count)?;
    let mut grader = Command::new(env!("CARGO_BIN_EXE_grader"));
    grader.arg("grade").arg(&folder).arg("--out").arg(class.folder.join("results"));
    let output = run(grader.args(["--no-cache", "--format", "json"]))?;
    let points = output.lines().filter(|line| line.starts_with("student-")).count();
    if points != count || !output.contains(" pass") {
        bail!("the grader did not grade all {count} submissions:\n{output}");
    }
    Ok(())
}

fn usual_loop(class: &Class, root: &Path, count: usize) -> anyhow::Result<()> {
    let mut sources = class.sources.iter().take(count);
    sources.try_for_each(|source| common::usual_loop(root, &class.lesson, source))
}

fn bare(
    class: &Class,
    root: &Path,
    scratch: &Path,
    count: usize,
    runs: &[Vec<String>],
) -> anyhow::Result<()> {
    let deps = root.join("target/debug/deps");
    let name = class.lesson.replace('-', "_");
    let driver = root.join(format!("exercises/{}/src/main.rs", class.lesson));
    let (library, program) = (scratch.join(format!("lib{name}.rlib")), scratch.join("program"));
    let source = scratch.join("lib.rs");
    for text in class.sources.iter().take(count) {
        std::fs::write(&source, text)?;
        let externs = externs(&deps)?;
        let mut rustc = rustc("rlib", &name, &source, &library, &deps, &externs);
        run(&mut rustc)?;
        let externs = [externs, vec![format!("{name}={}", library.display())]].concat();
        run(&mut self::rustc("bin", "driver", &driver, &program, &deps, &externs))?;
        for arguments in runs {
            alone(program.as_os_str(), arguments)?;
        }
    }
    Ok(())
}

fn rustc(
    kind: &str,
    name: &str,
    source: &Path,
    output: &Path,
    deps: &Path,
    externs: &[String],
) -> Command {
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2024", "-Cdebuginfo=line-tables-only", "-Awarnings"]);
    rustc.args(["--crate-type", kind, "--crate-name", name]).arg(source).arg("-o").arg(output);
    rustc.arg("-L").arg(format!("dependency={}", deps.display()));
    externs.iter().for_each(|library| {
        rustc.arg("--extern").arg(library);
    });
    rustc
}

/// The newest of each library that the lessons are linked with.
fn externs(deps: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for name in ["stage", "nix", "libc"] {
        let prefix = format!("lib{name}-");
        let mut files: Vec<_> = std::fs::read_dir(deps)?
            .flatten()
            .filter(|entry| {
                let file = entry.file_name();
                let file = file.to_string_lossy();
                file.starts_with(&prefix) && file.ends_with(".rlib")
            })
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        files.sort();
        let (_, path) =
            files.pop().with_context(|| format!("no {prefix}*.rlib in {}", deps.display()))?;
        found.push(format!("{name}={}", path.display()));
    }
    Ok(found)
}
