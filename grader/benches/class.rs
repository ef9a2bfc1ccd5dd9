//! Grades generated classes and prints what that takes: processor time for each submission,
//! cores busy, the grader's memory, and how fast an unchanged class is graded again.
//!
//!     cargo bench -p grader --bench class -- [--loop K] [size]...
//!
//! Sizes are numbers of submissions, 60 if none is given. The lessons take turns, and of twenty
//! submissions ten are right, five wrong, two hang and three do not compile; each differs from
//! all others in a comment. With `--loop K` the first K go through the usual loop as well: copy
//! the file into the exercise, `cargo test`, one shared target folder.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod common;
#[path = "common/mix.rs"]
mod mix;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use common::{Cost, children, measure, usual_loop, usual_root};
use mix::Mix;

const LESSONS: [&str; 3] = ["semaphore", "pool-map", "lock"];

/// How often the grader's memory is looked at. The kernel keeps the peak, so this only has to
/// be short against a run.
const LOOK: Duration = Duration::from_millis(20);

fn main() -> anyhow::Result<()> {
    let (looped, sizes) = arguments()?;
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the grader is in a workspace")?;
    let scratch = tempfile::tempdir()?;
    let class = Class::new(root)?;
    let start = class.hand_in(1, &scratch.path().join("one"))?;
    grade(&start, &scratch.path().join("one"), Cached::Not)?;
    let start = grade(&start, &scratch.path().join("one"), Cached::Not)?;
    println!("to begin at all (one submission): {:.2} s\n", start.cost.wall.as_secs_f64());
    println!(
        "{:>11} {:>10} {:>11} {:>10} {:>10} {:>13} {:>10}",
        "submissions",
        "CPU s each",
        "wall s each",
        "cores busy",
        "memory MiB",
        "again, wall s",
        "again, 1/s"
    );
    let mut last = None;
    for size in sizes {
        last = Some(measure_class(&class, size, &scratch.path().join(size.to_string()))?);
    }
    if let (true, Some(ours)) = (looped > 0, last) {
        compare_with_loop(&class, root, scratch.path(), looped, &ours)?;
    }
    Ok(())
}

fn arguments() -> anyhow::Result<(usize, Vec<usize>)> {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let (mut looped, mut sizes) = (0, Vec::new());
    while let Some(word) = words.next() {
        match word.as_str() {
            "--loop" => looped = words.next().context("--loop needs a number")?.parse()?,
            size => sizes.push(size.parse::<usize>()?),
        }
    }
    if sizes.is_empty() {
        sizes.push(60);
    }
    Ok((looped, sizes))
}

/// Prints a line of figures; returns the cost of each submission.
fn measure_class(class: &Class, size: usize, place: &Path) -> anyhow::Result<Cost> {
    let folder = class.hand_in(size, place)?;
    let first = grade(&folder, place, Cached::Yes)?;
    let again = grade(&folder, place, Cached::Yes)?;
    let each = |time: Duration| time.div_f64(size as f64);
    let Cost { cpu, wall } = first.cost;
    println!(
        "{size:>11} {:>10.3} {:>11.3} {:>10.2} {:>10.1} {:>13.2} {:>10.0}",
        each(cpu).as_secs_f64(),
        each(wall).as_secs_f64(),
        cpu.as_secs_f64() / wall.as_secs_f64(),
        first.memory.max(again.memory) as f64 / 1024.0,
        again.cost.wall.as_secs_f64(),
        size as f64 / again.cost.wall.as_secs_f64(),
    );
    Ok(Cost { cpu: each(cpu), wall: each(wall) })
}

fn compare_with_loop(
    class: &Class,
    root: &Path,
    scratch: &Path,
    count: usize,
    ours: &Cost,
) -> anyhow::Result<()> {
    let root = usual_root(root, scratch)?;
    LESSONS.iter().try_for_each(|lesson| usual_loop(&root, lesson, "fn"))?;
    let one = |n: usize| usual_loop(&root, LESSONS[n % LESSONS.len()], &class.source(n));
    let usual = measure(|| (0..count).try_for_each(one))?;
    let each = |time: Duration| time.as_secs_f64() / count as f64;
    let (cpu, wall) = (each(usual.cpu), each(usual.wall));
    println!("\nusual loop, {count} submissions: {cpu:.3} CPU s and {wall:.3} wall s each");
    println!("throughput, grader / usual loop: {:.2}", wall / ours.wall.as_secs_f64());
    println!("CPU, grader / usual loop:        {:.2}", ours.cpu.as_secs_f64() / cpu);
    Ok(())
}

/// What students hand in for each lesson.
struct Class {
    lessons: Vec<Mix>,
}

impl Class {
    fn new(root: &Path) -> anyhow::Result<Self> {
        let hanging = ["deadlock", "livelock", "timeout"];
        let lessons = LESSONS.iter().map(|lesson| Mix::new(root, lesson, &hanging));
        Ok(Self { lessons: lessons.collect::<Result<_, _>>()? })
    }

    /// The file of submission `n`, unlike any other.
    fn source(&self, n: usize) -> String {
        let mix = &self.lessons[n % LESSONS.len()];
        let text = mix.source(&mix.kind(n / LESSONS.len()));
        format!("{text}\n// submission {n}\n")
    }

    /// The first `size` submissions in a folder below `place`.
    fn hand_in(&self, size: usize, place: &Path) -> anyhow::Result<PathBuf> {
        let folder = place.join("class");
        for n in 0..size {
            let student = folder.join(format!("student-{:05}", n / LESSONS.len()));
            let source = student.join(LESSONS[n % LESSONS.len()]).join("src");
            std::fs::create_dir_all(&source)?;
            std::fs::write(source.join("lib.rs"), self.source(n))?;
        }
        Ok(folder)
    }
}

#[derive(Clone, Copy)]
enum Cached {
    Yes,
    Not,
}

/// What one run of the grader took; memory in KiB.
struct Graded {
    cost: Cost,
    memory: u64,
}

fn grade(folder: &Path, place: &Path, cached: Cached) -> anyhow::Result<Graded> {
    let (before, started) = (children()?, Instant::now());
    let mut grader = Command::new(env!("CARGO_BIN_EXE_grader"));
    grader.arg("grade").arg(folder).arg("--out").arg(place.join("out"));
    match cached {
        Cached::Yes => grader.arg("--cache").arg(place.join("cache")),
        Cached::Not => grader.arg("--no-cache"),
    };
    grader.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut grader = grader.spawn()?;
    let memory = watch(&mut grader)?;
    let status = grader.wait()?;
    if !status.success() {
        bail!("the grader ended with {status}");
    }
    Ok(Graded { cost: Cost { cpu: children()? - before, wall: started.elapsed() }, memory })
}

/// The most memory that `grader` itself held, without the programs that it ran, in KiB.
fn watch(grader: &mut Child) -> anyhow::Result<u64> {
    let path = format!("/proc/{}/status", grader.id());
    let mut most = 0;
    while grader.try_wait()?.is_none() {
        let status = std::fs::read_to_string(&path).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse().ok());
        most = most.max(peak.unwrap_or(0));
        std::thread::sleep(LOOK);
    }
    Ok(most)
}
