use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, bail};
use clap::Args;
use course::LessonId;
use engine::Workshop;
use engine::class::Way;
use engine::fingerprint::Fingerprints;
use engine::mutate::{Fate, Tried, mutate, plan};
use intake::choose;

use crate::caching::Caching;
use crate::exit::Exit;
use crate::place;
use crate::progress::Progress;

/// Find the mistakes that a course's tests do not notice
///
/// Puts mistakes of concurrent programmers into each solution, one at a time: a lock dropped,
/// split or taken in another order, `notify_one` for `notify_all`, `if` for `while`, a join, a
/// release or a close forgotten, a bound off by one, an error ignored, a weaker memory ordering. A mutant
/// that passes every test survives: write a better test, or list it with a reason in
/// tests/mutants/<lesson>.yaml.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grader course mutate
  grader course mutate --lesson lock
  grader course mutate --lesson pipe --only 'if-for-while in gather'")]
pub(crate) struct Arguments {
    /// Mutate this lesson's solution only; may be given several times
    #[arg(long = "lesson", value_name = "LESSON")]
    lessons: Vec<String>,
    /// Try only mutants whose name contains this, as in `notify in Queue::put`; may be given several times
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Print the mutants, one to a line, and try none
    #[arg(long)]
    list: bool,
    /// Mutants graded at the same time [default: two for each core]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Grade even where mutants of this user could see each other
    #[arg(long)]
    allow_weak: bool,
    #[command(flatten)]
    caching: Caching,
    /// The folder of the course [default: the nearest with a course.yaml, from here upwards]
    #[arg(long, value_name = "DIR")]
    course: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (root, course) = place::course(arguments.course.as_deref())?;
    let chosen = choose(&course, &arguments.lessons)?;
    let lessons: Vec<LessonId> = chosen.iter().map(|lesson| lesson.id.clone()).collect();
    let mut planned = plan(&root, &chosen)?;
    let only = &arguments.only;
    planned.retain(|mutant| {
        only.is_empty() || only.iter().any(|text| mutant.name().contains(text.as_str()))
    });
    if planned.is_empty() {
        bail!("no mutant is called so; --list prints the names");
    }
    if arguments.list {
        planned.iter().for_each(|mutant| println!("{mutant}"));
        return Ok(Exit::Done);
    }
    let jail = place::jail(arguments.allow_weak)?;
    Progress::say("building the lessons' tests");
    let workshop = Workshop::set_up(&root, course.clone(), &lessons, jail, Progress::say)?;
    let progress = Progress::of(planned.len());
    let fingerprints =
        Fingerprints::of(&workshop).context("cannot read what the tests consist of")?;
    let cache = arguments.caching.open()?;
    let way = Way {
        fingerprints: &fingerprints,
        cache: Some(&cache),
        jobs: place::jobs(arguments.jobs),
        stop: &AtomicBool::new(false),
    };
    let tried = mutate(&workshop, &planned, way, &|event| progress.tell(event));
    progress.finish();
    print!("{}", in_words(&tried, &lessons));
    let missed = |fate: &Fate| matches!(fate, Fate::Survived | Fate::Mislisted(_));
    let missed = tried.iter().any(|tried| missed(&tried.fate));
    let ungraded = tried.iter().any(|tried| matches!(tried.fate, Fate::NotGradable(_)));
    Ok(match (ungraded, missed) {
        (true, _) => Exit::NotGradable,
        (false, true) => Exit::Unsound,
        (false, false) => Exit::Done,
    })
}

fn in_words(tried: &[Tried], lessons: &[LessonId]) -> String {
    let mut text = String::new();
    for Tried { lesson, mutant, fate } in tried {
        let what = match fate {
            Fate::Survived => "survives".to_owned(),
            Fate::Mislisted(test) => format!("is on the list, and yet {test} fails"),
            Fate::NotGradable(why) => format!("could not be graded: {why}"),
            Fate::Killed(..) | Fate::Unviable | Fate::Equivalent(_) => continue,
        };
        let (operator, function, line) = (mutant.operator, &mutant.function, mutant.line);
        text += &format!("{lesson}, line {line}: {operator} in {function} {what}\n");
        text += &format!("    - {}\n    + {}\n", mutant.before, mutant.after);
    }
    let width = lessons.iter().map(|lesson| lesson.as_str().len()).max().unwrap_or(0).max(6);
    text +=
        &format!("| {:width$} | mutants | compile | killed | equivalent | survive |\n", "lesson");
    text += &format!("|-{:-<width$}-|--------:|--------:|-------:|-----------:|--------:|\n", "");
    let mut sum = Counts::default();
    for lesson in lessons {
        let counts = Counts::of(tried.iter().filter(|tried| tried.lesson == *lesson));
        text += &counts.row(lesson.as_str(), width);
        sum = sum.and(&counts);
    }
    text + &sum.row("all", width)
}

/// How many mutants had which fate.
#[derive(Clone, Debug, Default)]
struct Counts {
    all: usize,
    compile: usize,
    killed: usize,
    equivalent: usize,
    survived: usize,
}

impl Counts {
    fn of<'a>(tried: impl Iterator<Item = &'a Tried>) -> Self {
        let mut counts = Self::default();
        for tried in tried {
            counts.all += 1;
            counts.compile += usize::from(tried.fate != Fate::Unviable);
            match tried.fate {
                Fate::Killed(..) | Fate::Mislisted(_) => counts.killed += 1,
                Fate::Equivalent(_) => counts.equivalent += 1,
                Fate::Survived => counts.survived += 1,
                Fate::Unviable | Fate::NotGradable(_) => {}
            }
        }
        counts
    }

    fn and(&self, other: &Self) -> Self {
        Self {
            all: self.all + other.all,
            compile: self.compile + other.compile,
            killed: self.killed + other.killed,
            equivalent: self.equivalent + other.equivalent,
            survived: self.survived + other.survived,
        }
    }

    fn row(&self, name: &str, width: usize) -> String {
        let Self { all, compile, killed, equivalent, survived } = self;
        format!(
            "| {name:width$} | {all:7} | {compile:7} | {killed:6} | {equivalent:10} | {survived:7} |\n"
        )
    }
}
