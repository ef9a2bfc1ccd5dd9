use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use course::LessonId;
use engine::Workshop;
use engine::certify::{Trial, certify};
use intake::choose;
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::exit::Exit;
use crate::place;
use crate::progress::Progress;

/// Judge the course's own submissions many times while the machine is under strain
///
/// Every right submission and every known-wrong one is judged N times with eight busy threads
/// for each core beside it, N times on one core, and N times under `nice`. Prints for each lesson the
/// false alarms and the misses, which both have to be 0, and writes docs/certification.md.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grader course certify --runs 200
  grader course certify --runs 20 --lesson lock")]
pub(crate) struct Arguments {
    /// How often each submission is judged under each strain
    #[arg(long, value_name = "N", default_value = "20")]
    runs: NonZeroU32,
    /// Certify this lesson only; may be given several times. Nothing is written then
    #[arg(long = "lesson", value_name = "LESSON")]
    lessons: Vec<String>,
    /// Submissions judged at the same time [default: one for each core]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// The folder of the course [default: the nearest with a course.yaml, from here upwards]
    #[arg(long, value_name = "DIR")]
    course: Option<PathBuf>,
    /// Judge under this strain alone and print the trials as JSON
    #[arg(long, hide = true)]
    under: Option<Strain>,
}

/// What makes it hard for a verdict to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Strain {
    /// Eight busy threads for each core beside the work.
    Oversubscribed,
    /// Everything on one core.
    OneCore,
    /// With the lowest priority, beside one busy thread for each core.
    Nice,
}

impl Strain {
    const ALL: [Self; 3] = [Self::Oversubscribed, Self::OneCore, Self::Nice];

    fn name(self) -> &'static str {
        match self {
            Self::Oversubscribed => "oversubscribed",
            Self::OneCore => "one-core",
            Self::Nice => "nice",
        }
    }

    /// Puts this process, and whatever it starts from now on, under the strain.
    fn apply(self) -> anyhow::Result<()> {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        match self {
            Self::Oversubscribed => keep_busy(8 * cores),
            Self::OneCore => {
                let mut first = CpuSet::new();
                first.set(0);
                sched_setaffinity(None, &first).context("cannot stay on one core")?;
            }
            Self::Nice => {
                keep_busy(cores);
                rustix::process::nice(19).context("cannot lower the priority")?;
            }
        }
        Ok(())
    }
}

/// Starts threads that compute until the process ends.
fn keep_busy(threads: usize) {
    for _ in 0..threads {
        std::thread::spawn(|| {
            loop {
                std::hint::spin_loop();
            }
        });
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match arguments.under {
        Some(strain) => run_under(strain, arguments),
        None => run_all(arguments),
    }
}

fn run_under(strain: Strain, arguments: &Arguments) -> anyhow::Result<Exit> {
    let (root, course) = place::course(arguments.course.as_deref())?;
    let chosen = choose(&course, &arguments.lessons)?;
    let lessons: Vec<LessonId> = chosen.iter().map(|lesson| lesson.id.clone()).collect();
    let jobs = place::jobs(arguments.jobs);
    let jail = place::jail(false)?;
    let workshop = Workshop::set_up(&root, course.clone(), &lessons, jail)?;
    strain.apply()?;
    let done = AtomicUsize::new(0);
    let tell = |trial: &Trial, all: usize| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        let wrong = trial.false_alarms() + trial.misses() + trial.other_verdicts();
        let (lesson, part) = (&trial.lesson, &trial.part);
        eprintln!(
            "[{done}/{all}] {}, {lesson}: {part}: {wrong} of {} odd",
            strain.name(),
            trial.runs()
        );
    };
    let trials = certify(&root, &workshop, &lessons, jobs, arguments.runs, &tell)?;
    println!("{}", serde_json::to_string(&trials)?);
    Ok(Exit::Done)
}

/// Each strain in a process of its own, since none can be taken back.
fn run_all(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (root, course) = place::course(arguments.course.as_deref())?;
    let mut trials = BTreeMap::new();
    for strain in Strain::ALL {
        Progress::say(&format!("under strain: {}", strain.name()));
        trials.insert(strain, under(strain, arguments, &root)?);
    }
    let lessons: Vec<&LessonId> = course.lessons().map(|lesson| &lesson.id).collect();
    let table = table(&trials, &lessons);
    print!("{table}");
    let odd: Vec<_> = trials.iter().flat_map(|(strain, trials)| odd(*strain, trials)).collect();
    odd.iter().for_each(|line| println!("{line}"));
    if arguments.lessons.is_empty() {
        let path = root.join("docs/certification.md");
        let text = document(arguments.runs, &table, &odd);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("written: {}", path.display());
    }
    Ok(if odd.is_empty() { Exit::Done } else { Exit::Unsound })
}

fn under(strain: Strain, arguments: &Arguments, root: &Path) -> anyhow::Result<Vec<Trial>> {
    let executable = std::env::current_exe().context("cannot find the grader's own executable")?;
    let mut grader = Command::new(executable);
    grader.args(["course", "certify", "--under", strain.name()]);
    grader.args(["--runs", &arguments.runs.to_string()]).arg("--course").arg(root);
    for lesson in &arguments.lessons {
        grader.args(["--lesson", lesson]);
    }
    if let Some(jobs) = arguments.jobs {
        grader.args(["--jobs", &jobs.to_string()]);
    }
    let output = grader.stderr(Stdio::inherit()).output().context("cannot start the grader")?;
    if !output.status.success() {
        bail!("judging under strain `{}` ended with {}", strain.name(), output.status);
    }
    serde_json::from_slice(&output.stdout).context("the trials cannot be read")
}

/// One row for each lesson, all strains together.
fn table(trials: &BTreeMap<Strain, Vec<Trial>>, lessons: &[&LessonId]) -> String {
    let mut text = String::from(
        "| lesson | right | runs | false alarms | wrong | runs | misses | other verdicts |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for lesson in lessons {
        let own: Vec<&Trial> =
            trials.values().flatten().filter(|trial| trial.lesson == **lesson).collect();
        if own.is_empty() {
            continue;
        }
        let (right, wrong): (Vec<&Trial>, Vec<&Trial>) =
            own.iter().partition(|trial| trial.expected == observation::Verdict::Pass);
        let runs = |trials: &[&Trial]| trials.iter().map(|trial| trial.runs()).sum::<u32>();
        let kinds = |trials: &[&Trial]| trials.len() / Strain::ALL.len();
        let alarms: u32 = right.iter().map(|trial| trial.false_alarms()).sum();
        let misses: u32 = wrong.iter().map(|trial| trial.misses()).sum();
        let other: u32 = wrong.iter().map(|trial| trial.other_verdicts()).sum();
        text += &format!(
            "| {lesson} | {} | {} | {alarms} | {} | {} | {misses} | {other} |\n",
            kinds(&right),
            runs(&right),
            kinds(&wrong),
            runs(&wrong)
        );
    }
    text
}

/// What must not be, a line each.
fn odd(strain: Strain, trials: &[Trial]) -> Vec<String> {
    let wrong = |trial: &&Trial| {
        trial.broken.is_some() || trial.false_alarms() + trial.misses() + trial.other_verdicts() > 0
    };
    let line = |trial: &Trial| {
        let Trial { lesson, part, expected, verdicts, broken, alarm } = trial;
        let verdicts: Vec<_> =
            verdicts.iter().map(|(verdict, times)| format!("{verdict} {times}")).collect();
        let why = broken.as_ref().or(alarm.as_ref()).map(|why| format!(": {}", one_line(why)));
        format!(
            "- {lesson}, {part}, {}: has to get {expected}, got {}{}",
            strain.name(),
            verdicts.join(", "),
            why.unwrap_or_default()
        )
    };
    trials.iter().filter(wrong).map(line).collect()
}

fn one_line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().take(40).collect();
    words.join(" ")
}

fn document(runs: NonZeroU32, table: &str, odd: &[String]) -> String {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let odd = match odd {
        [] => "Nothing failed that is right, and nothing passed that is wrong.\n".to_owned(),
        odd => format!("{}\n", odd.join("\n")),
    };
    format!(
        "# Certification\n\n    grader course certify --runs {runs}\n\n\
         Each submission of the course's own was judged {runs} times under each of three strains: eight busy threads for each \
         of {cores} cores beside it, everything on one core, and with the lowest priority beside one busy thread for each core. \
         `right` counts the solution and the other correct designs, `wrong` the known-wrong submissions. A false alarm is a run in \
         which a right one failed; a miss is a run in which a wrong one passed; another verdict is a run in which a wrong one failed, \
         with another word than it has to get.\n\n{table}\n{odd}"
    )
}
