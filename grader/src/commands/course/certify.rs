use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use course::LessonId;
use engine::Workshop;
use engine::certify::{Trial, Way, certify};
use engine::fingerprint::Fingerprints;
use intake::choose;
use records::Cache;
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::exit::Exit;
use crate::place;
use crate::progress::Progress;

/// Judge the course's own submissions many times while the machine is under strain
///
/// Every right submission and every known-wrong one is judged N times with eight of them at once
/// for each core, N times on one core, and N times under `nice`. Prints for each lesson the
/// false alarms and the misses, which both have to be 0, and writes docs/certification.md.
///
/// What was judged is kept in the grader's cache for as long as the submission, the lesson, the
/// compiler and the grader stay as they are: a certification that was broken off goes on, and
/// one with more runs adds those that are missing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grader course certify --runs 200
  grader course certify --runs 20 --lesson lock
  grader course certify --runs 200 --minutes 480    a night's share")]
pub(crate) struct Arguments {
    /// How often each submission is judged under each strain
    #[arg(long, value_name = "N", default_value = "20")]
    runs: NonZeroU32,
    /// Certify this lesson only; may be given several times. Nothing is written then
    #[arg(long = "lesson", value_name = "LESSON")]
    lessons: Vec<String>,
    /// Begin with no further submission after so long, a third for each strain
    #[arg(long, value_name = "M")]
    minutes: Option<NonZeroU32>,
    /// Submissions judged at the same time, or an eighth of them [default: one for each core]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// The folder in which what was judged is kept [default: that of `grader grade`'s cache]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
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
    /// Eight submissions at once for each core.
    Oversubscribed,
    /// Everything on one core.
    OneCore,
    /// With the lowest priority, beside one busy thread for each core that goes before it.
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

    /// How many submissions are judged at the same time, where there are cores for `jobs`.
    fn jobs(self, jobs: NonZeroUsize) -> NonZeroUsize {
        const EIGHT: NonZeroUsize = NonZeroUsize::new(8).expect("eight is not zero");
        match self {
            // They are each other's strain, so that none of the work is for nothing.
            Self::Oversubscribed => jobs.saturating_mul(EIGHT),
            Self::OneCore | Self::Nice => jobs,
        }
    }

    /// Puts this process, and whatever it starts from now on, under the strain.
    fn apply(self) -> anyhow::Result<()> {
        let cores = place::cores().get();
        match self {
            Self::Oversubscribed => {}
            Self::OneCore => {
                let mut first = CpuSet::new();
                first.set(0);
                sched_setaffinity(None, &first).context("cannot stay on one core")?;
            }
            Self::Nice => {
                // A thread of the ordinary priority would leave it a seventieth of a core.
                keep_busy(cores, 15);
                rustix::process::nice(19).context("cannot lower the priority")?;
            }
        }
        Ok(())
    }
}

/// Starts threads that compute until the process ends, at a niceness of their own.
fn keep_busy(threads: usize, niceness: i32) {
    for _ in 0..threads {
        std::thread::spawn(move || {
            // To lower one's priority is always permitted.
            let _ = rustix::process::nice(niceness);
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
    let jobs = strain.jobs(arguments.jobs.unwrap_or_else(place::cores));
    let jail = place::jail(false)?;
    let workshop = Workshop::set_up(&root, course.clone(), &lessons, jail, Progress::say)?;
    let fingerprints =
        Fingerprints::of(&workshop).context("cannot read what the tests consist of")?;
    let record = Cache::in_folder(&place::cache(arguments.cache.as_deref())?);
    let share = arguments.minutes.map(|minutes| Duration::from_secs(20 * u64::from(minutes.get())));
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
    let way = Way {
        jobs,
        runs: arguments.runs,
        strain: strain.name(),
        until: share.map(|share| Instant::now() + share),
        fingerprints: &fingerprints,
        record: &record,
    };
    let trials = certify(&root, &workshop, &lessons, way, &tell)?;
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
    let all: Vec<_> = trials.values().flatten().map(Trial::runs).collect();
    println!("{table}\n{}", extent(arguments.runs, &all));
    let odd: Vec<_> = trials.iter().flat_map(|(strain, trials)| odd(*strain, trials)).collect();
    odd.iter().for_each(|line| println!("{line}"));
    if arguments.lessons.is_empty() {
        let path = root.join("docs/certification.md");
        let text = document(arguments.runs, arguments.minutes, &all, &table, &odd);
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
    if let Some(minutes) = arguments.minutes {
        grader.args(["--minutes", &minutes.to_string()]);
    }
    if let Some(cache) = &arguments.cache {
        grader.arg("--cache").arg(cache);
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
        let (right_runs, wrong_runs) = (runs(&right), runs(&wrong));
        text += &format!(
            "| {lesson} | {} | {} | {} | {} | {} | {} | {} |\n",
            kinds(&right),
            seen(right_runs, right_runs),
            seen(alarms, right_runs),
            kinds(&wrong),
            seen(wrong_runs, wrong_runs),
            seen(misses, wrong_runs),
            seen(other, wrong_runs)
        );
    }
    text
}

/// A number that came of `runs` runs; nothing is known without any.
fn seen(count: u32, runs: u32) -> String {
    if runs == 0 { "-".to_owned() } else { count.to_string() }
}

/// What must not be, a line each.
fn odd(strain: Strain, trials: &[Trial]) -> Vec<String> {
    let wrong = |trial: &&Trial| {
        trial.broken.is_some() || trial.false_alarms() + trial.misses() + trial.other_verdicts() > 0
    };
    let line = |trial: &Trial| {
        let Trial { lesson, part, expected, verdicts, broken, odd } = trial;
        let verdicts: Vec<_> =
            verdicts.iter().map(|(verdict, times)| format!("{verdict} {times}")).collect();
        let why = broken.as_ref().or(odd.as_ref()).map(|why| format!(": {}", one_line(why)));
        format!(
            "- {lesson}, {part}, {}: has to get {expected}, got {}{}",
            strain.name(),
            verdicts.join(", "),
            why.unwrap_or_default()
        )
    };
    trials.iter().filter(wrong).map(line).collect()
}

/// The first words of a text, on one line.
fn one_line(text: &str) -> String {
    const MOST: usize = 40;
    let words: Vec<_> = text.split_whitespace().take(MOST + 1).collect();
    match words.get(MOST) {
        None => words.join(" "),
        Some(_) => format!("{} ...", words[..MOST].join(" ")),
    }
}

fn document(
    wanted: NonZeroU32,
    minutes: Option<NonZeroU32>,
    runs: &[u32],
    table: &str,
    odd: &[String],
) -> String {
    let cores = place::cores().get();
    let minutes = minutes.map_or(String::new(), |minutes| format!(" --minutes {minutes}"));
    let odd = match odd {
        [] => "Nothing failed that is right, and nothing passed that is wrong.\n".to_owned(),
        odd => format!("{}\n", odd.join("\n")),
    };
    format!(
        "# Certification\n\n    grader course certify --runs {wanted}{minutes}\n\n\
         Each submission of the course's own is judged again and again under each of three strains: eight of them at once for \
         each of {cores} cores, everything on one core, and with the lowest priority beside one busy thread for each core that \
         goes before it. `right` counts the solution and the other correct designs, `wrong` the known-wrong submissions. A false \
         alarm is a run in which a right one failed; a miss is a run in which a wrong one passed; another verdict is a run in \
         which a wrong one failed, with another word than it has to get.\n\n{}\n\n{table}\n{odd}",
        extent(wanted, runs)
    )
}

/// How much of what was asked for has been done.
fn extent(wanted: NonZeroU32, runs: &[u32]) -> String {
    let count = |fits: &dyn Fn(u32) -> bool| runs.iter().filter(|runs| fits(**runs)).count();
    let complete = count(&|runs| runs >= wanted.get());
    format!(
        "Of {} pairs of a submission and a strain {complete} have had {wanted} runs or more, {} fewer, and {} none yet: {} runs in all.",
        runs.len(),
        count(&|runs| (1..wanted.get()).contains(&runs)),
        count(&|runs| runs == 0),
        runs.iter().sum::<u32>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_not_been_judged_is_told_from_what_has() {
        let wanted = NonZeroU32::new(3).unwrap();
        assert_eq!(
            extent(wanted, &[3, 4, 1, 0]),
            "Of 4 pairs of a submission and a strain 2 have had 3 runs or more, 1 fewer, and 1 \
             none yet: 8 runs in all."
        );
    }

    #[test]
    fn the_document_names_the_command_that_was_given() {
        let number = |number| NonZeroU32::new(number).unwrap();
        let command = |minutes| {
            document(number(20), minutes, &[], "", &[]).lines().nth(2).unwrap().trim().to_owned()
        };
        assert_eq!(command(None), "grader course certify --runs 20");
        assert_eq!(command(Some(number(9))), "grader course certify --runs 20 --minutes 9");
    }

    #[test]
    fn what_is_cut_short_says_so() {
        assert_eq!(one_line("a\n  b"), "a b");
        let long = one_line(&"word\n".repeat(41));
        assert_eq!((long.matches("word").count(), &long[long.len() - 8..]), (40, "word ..."));
    }

    #[test]
    fn where_nothing_ran_nothing_is_counted() {
        let trial = |expected: &str, verdicts: serde_json::Value| -> Trial {
            serde_json::from_value(serde_json::json!({
                "lesson": "lock", "part": "one", "expected": expected, "verdicts": verdicts,
                "broken": null, "odd": null
            }))
            .unwrap()
        };
        let both = || {
            vec![
                trial("pass", serde_json::json!({"pass": 2})),
                trial("race", serde_json::json!({})),
            ]
        };
        let trials: BTreeMap<_, _> = Strain::ALL.into_iter().map(|it| (it, both())).collect();
        let lesson = trial("pass", serde_json::json!({})).lesson;
        let table = table(&trials, &[&lesson]);
        assert_eq!(table.lines().last(), Some("| lock | 1 | 6 | 0 | 1 | - | - | - |"));
    }
}
