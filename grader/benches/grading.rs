//! Grades the same submissions in three ways and prints processor and wall time of each.
//!
//!     cargo bench -p grader --bench grading -- [submissions] [lesson,...] [rounds] [mix]
//!
//! Submissions are counted for each lesson, and `all` means each lesson without explorations. All
//! of them are right; with `mix`, of twenty five are wrong, two hang and three do not compile.
//!
//! - `grader`: this grader, one run over the whole class;
//! - `usual loop`: copy src/lib.rs into the exercise, `cargo test -p`, one shared target folder;
//! - `bare`: rustc on the library and the driver, and each run that the tests make of this
//!   program, with the same arguments, without any test: what cannot be saved. It is rather too
//!   small: no program gets input or signals, and one that has not ended after 200 ms is ended.
//!   Those of the mix that hang are deadlocked: how much of the processor one burns that spins is
//!   the tests' affair.
//!   What a lesson's explorations take is not in it, so lessons without them are to be looked at.
//!
//! All three run in turn in each round, on the same machine, so their ratios hold where bare times do
//! not; how far apart the ratios of the rounds are tells how far.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod common;
#[path = "common/mix.rs"]
mod mix;
#[path = "common/runs.rs"]
mod runs;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};

use common::{Cost, measure, run, usual_root};
use mix::{Kind, Mix};
use runs::{alone, runs_of};

fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let count: usize = words.next().map_or(Ok(10), |word| word.parse())?;
    let lessons = words.next().unwrap_or_else(|| "semaphore".to_owned());
    let rounds: usize = words.next().map_or(Ok(3), |word| word.parse())?;
    let mixed = words.next().is_some_and(|word| word == "mix");
    if mixed && std::env::var_os(APART).is_none() {
        return apart();
    }
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the grader is in a workspace")?;
    let scratch = tempfile::tempdir()?;
    let class = Class::new(root, &lessons, mixed.then_some(count), scratch.path())?;

    // Each way once on one submission first, so that what is built once is built.
    with_grader(&class, 1)?;
    let loop_root = usual_root(root, scratch.path())?;
    usual_loop(&class, &loop_root, 1)?;
    let tested = usual_root(root, &scratch.path().join("tested"))?;
    usual_loop(&class, &tested, 1)?;
    let runs = |lesson: &Lesson| lesson.runs(count, &tested, scratch.path());
    let runs: Vec<_> = class.lessons.iter().map(runs).collect::<Result<_, _>>()?;

    let one_round = |_| {
        Ok([
            measure(|| with_grader(&class, count))?,
            measure(|| usual_loop(&class, &loop_root, count))?,
            measure(|| bare(&class, &tested, scratch.path(), count, &runs))?,
        ])
    };
    let costs = (0..rounds).map(one_round).collect::<anyhow::Result<Vec<_>>>()?;
    let what = if mixed { "the usual mix" } else { "all of them right" };
    println!("{rounds} times {count} submissions, {what}, to each of");
    for (lesson, runs) in class.lessons.iter().zip(&runs) {
        if let Some(runs) = runs.get(&Kind::Right) {
            println!("  {}: {} runs of the right program", lesson.name, runs.len());
        }
    }
    println!("\n{:12} {:>14} {:>14} {:>12}", "", "CPU s each", "wall s each", "cores busy");
    let total = |way: usize, what: fn(&Cost) -> Duration| {
        costs.iter().map(|round| what(&round[way])).sum::<Duration>().as_secs_f64()
    };
    for (way, name) in ["grader", "usual loop", "bare"].into_iter().enumerate() {
        let (cpu, wall) = (total(way, |cost| cost.cpu), total(way, |cost| cost.wall));
        let each = |time: f64| time / (rounds * count * class.lessons.len()) as f64;
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
    // As if nothing but the compiler and the programs ran, and no core ever had to wait.
    let cores = std::thread::available_parallelism()?.get() as f64;
    let most =
        |round: &[Cost; 3]| round[usual].wall.as_secs_f64() * cores / round[bare].cpu.as_secs_f64();
    let ratios: Vec<_> = costs.iter().map(|round| format!("{:.2}", most(round))).collect();
    println!("wall, usual loop / grader, at the most on {cores} cores: {}", ratios.join(", "));
    Ok(())
}

/// Set where no process of the host can be reached by a signal.
const APART: &str = "INTERLEAVE_BENCH_APART";

/// Does all of this again where wrong programs, which run without walls here, can signal only
/// each other.
fn apart() -> anyhow::Result<()> {
    let mut unshare = Command::new("unshare");
    unshare.args(["--pid", "--fork", "--mount-proc", "--kill-child"]);
    if !nix::unistd::geteuid().is_root() {
        unshare.args(["--user", "--map-current-user"]);
    }
    unshare.arg(std::env::current_exe()?).args(std::env::args_os().skip(1)).env(APART, "1");
    let status = unshare.status().context("cannot start unshare (util-linux)")?;
    if !status.success() {
        bail!("unshare ended with {status}");
    }
    Ok(())
}

/// Students whose submissions differ in a comment at least, so that none is graded for another.
struct Class {
    lessons: Vec<Lesson>,
    folder: PathBuf,
}

struct Lesson {
    name: String,
    mix: Mix,
    /// Of the usual mix, the turn of the lesson's first student: lessons go on where others end.
    turn: Option<usize>,
}

/// The arguments of each run that the tests make, for each kind that compiles.
type Runs = HashMap<Kind, Vec<Vec<String>>>;

impl Lesson {
    fn kind(&self, student: usize) -> Kind {
        self.turn.map_or(Kind::Right, |turn| self.mix.kind(turn + student))
    }

    fn source(&self, student: usize) -> String {
        format!("{}\n// {student}\n", self.mix.source(&self.kind(student)))
    }

    /// Of what the first `count` students hand in, as the tests in `tested` make them.
    fn runs(&self, count: usize, tested: &Path, scratch: &Path) -> anyhow::Result<Runs> {
        let mut runs = Runs::new();
        for kind in (0..count).map(|student| self.kind(student)) {
            if kind != Kind::Broken && !runs.contains_key(&kind) {
                let source = self.mix.source(&kind);
                runs.insert(kind, runs_of(tested, &self.name, &source, scratch)?);
            }
        }
        Ok(runs)
    }
}

impl Class {
    /// Of the lessons that `words` names, with commas between them; each has so many of the `mix`,
    /// or only right ones.
    fn new(root: &Path, words: &str, mix: Option<usize>, scratch: &Path) -> anyhow::Result<Self> {
        let names = if words == ALL {
            unexplored(root)?
        } else {
            words.split(',').map(str::to_owned).collect()
        };
        let lesson = |(n, name): (usize, String)| {
            let turn = mix.map(|count| n * count);
            Ok(Lesson { mix: Mix::new(root, &name, &["deadlock"])?, name, turn })
        };
        let lessons = names.into_iter().enumerate().map(lesson).collect::<anyhow::Result<_>>()?;
        Ok(Self { lessons, folder: scratch.join("classes") })
    }

    /// A folder with what the first `count` students hand in.
    fn of(&self, count: usize) -> anyhow::Result<PathBuf> {
        let folder = self.folder.join(count.to_string());
        for (student, lesson) in self.work(count) {
            let place = folder.join(format!("student-{student:04}")).join(&lesson.name).join("src");
            std::fs::create_dir_all(&place)?;
            std::fs::write(place.join("lib.rs"), lesson.source(student))?;
        }
        Ok(folder)
    }

    fn work(&self, count: usize) -> impl Iterator<Item = (usize, &Lesson)> {
        (0..count).flat_map(|student| self.lessons.iter().map(move |lesson| (student, lesson)))
    }
}

/// In place of names of lessons: those without explorations.
const ALL: &str = "all";

fn unexplored(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root.join("exercises"))? {
        let entry = entry?;
        if !entry.path().join("tests/explored.rs").exists() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn with_grader(class: &Class, count: usize) -> anyhow::Result<()> {
    let folder = class.of(count)?;
    let results = class.folder.join("results");
    let mut grader = Command::new(env!("CARGO_BIN_EXE_grader"));
    grader.arg("grade").arg(&folder).arg("--out").arg(&results);
    let output = run(grader.args(["--no-cache", "--format", "json"]))?;
    let report = std::fs::read(results.join("results.json"))?;
    let report: serde_json::Value = serde_json::from_slice(&report)?;
    let right = report["submissions"].as_array().context("results of submissions")?;
    let right = right.iter().filter(|submission| submission["verdict"] == "pass").count();
    let meant = class.work(count).filter(|(n, lesson)| lesson.kind(*n) == Kind::Right).count();
    if right != meant {
        bail!("{right} passed, and {meant} are right:\n{output}");
    }
    Ok(())
}

fn usual_loop(class: &Class, root: &Path, count: usize) -> anyhow::Result<()> {
    let mut work = class.work(count);
    work.try_for_each(|(student, lesson)| {
        common::usual_loop(root, &lesson.name, &lesson.source(student))
    })
}

fn bare(
    class: &Class,
    root: &Path,
    scratch: &Path,
    count: usize,
    runs: &[Runs],
) -> anyhow::Result<()> {
    let deps = root.join("target/debug/deps");
    let externs = externs(&deps)?;
    let (source, program) = (scratch.join("lib.rs"), scratch.join("program"));
    for student in 0..count {
        for (lesson, runs) in class.lessons.iter().zip(runs) {
            let name = lesson.name.replace('-', "_");
            let driver = root.join(format!("exercises/{}/src/main.rs", lesson.name));
            let library = scratch.join(format!("lib{name}.rlib"));
            std::fs::write(&source, lesson.source(student))?;
            let compiled = run(&mut rustc("rlib", &name, &source, &library, &deps, &externs));
            // Only one that does not compile has none.
            let Some(runs) = runs.get(&lesson.kind(student)) else { continue };
            compiled?;
            let linked = format!("{name}={}", library.display());
            let externs = [&externs[..], &[linked]].concat();
            run(&mut rustc("bin", "driver", &driver, &program, &deps, &externs))?;
            for arguments in runs {
                alone(program.as_os_str(), arguments)?;
            }
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
