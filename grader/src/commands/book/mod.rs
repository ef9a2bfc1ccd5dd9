mod feedback;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use course::{Course, Language, LessonId, Points};
use gradebook::sheets::{self, Filled, Filling, Scale};
use gradebook::{Book, OverrideEvent, Store, export_overrides, import_overrides};

use crate::exit::Exit;
use crate::tongue::Tongue;
use crate::{place, tables};

/// Look into the gradebook, set points by hand, and hand grades over
///
/// `grader grade --out DIR` keeps every attempt, result and override in DIR/gradebook.sqlite.
/// Grades follow from these by the policies in course.yaml, each time anew.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show all grades, with what was added or taken off
    List(Where),
    Export(ExportArguments),
    Feedback(feedback::Arguments),
    Override(OverrideArguments),
    Withdraw(WithdrawArguments),
    ExportOverrides(ExportOverridesArguments),
    ImportOverrides(ImportArguments),
}

#[derive(Debug, Args)]
pub(crate) struct Where {
    /// The folder of results
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// The folder of the course [default: the nearest with a course.yaml, from here upwards]
    #[arg(long, value_name = "DIR")]
    course: Option<PathBuf>,
    /// The language in which it is said why
    #[arg(long, default_value = "en")]
    language: Tongue,
}

/// Write grades in the form that another system reads
///
/// Canvas, Moodle and Blackboard get the sheet back that they exported, filled in.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grader book export csv > grades.csv
  grader book export canvas --sheet 2026-10-02T1200_Grades-COS101.csv --to upload.csv
  grader book export moodle --sheet Grades-Locks.csv --lesson lock --scale --to upload.csv")]
pub(crate) struct ExportArguments {
    form: Form,
    #[command(flatten)]
    place: Where,
    /// The sheet that the system exported
    #[arg(long, value_name = "FILE")]
    sheet: Option<PathBuf>,
    /// Fill in this lesson only
    #[arg(long, value_name = "LESSON")]
    lesson: Option<String>,
    /// The title of the column for that lesson [default: the one called as the lesson is]
    #[arg(long, value_name = "TITLE", requires = "lesson")]
    column: Option<String>,
    /// Where the sheet's maximum is another, fill in the same share of it
    #[arg(long)]
    scale: bool,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// A row for each student; no cell is a formula. Moodle's gradebook would take an empty cell
    /// for no grade and delete what is there: use `moodle` for it
    Csv,
    /// A line of JSON for each lesson of each student
    Jsonl,
    /// The sheet that Canvas exports, filled in
    Canvas,
    /// The offline worksheet of Moodle, or the export of its gradebook, filled in
    Moodle,
    /// The sheet that Blackboard lets download, filled in
    Blackboard,
    /// As `nbgrader export` writes it
    Nbgrader,
}

/// Set the points of one student in one lesson; they hold until they are withdrawn
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  grader book override ada lock 12 --reason 'ill, see mail of 3 October'"
)]
pub(crate) struct OverrideArguments {
    /// The student, as the results call them
    student: String,
    /// The lesson
    lesson: String,
    /// The points that count
    points: Points,
    /// Why; the student reads it
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    place: Where,
}

/// Take back points that were set by hand
#[derive(Debug, Args)]
pub(crate) struct WithdrawArguments {
    /// The student, as the results call them
    student: String,
    /// The lesson
    lesson: String,
    /// Why
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    place: Where,
}

/// Print the overrides that hold, as CSV that import-overrides reads
#[derive(Debug, Args)]
pub(crate) struct ExportOverridesArguments {
    #[command(flatten)]
    place: Where,
    /// Print everything that was ever set or withdrawn, and when
    #[arg(long)]
    history: bool,
}

/// Set points from a table with the columns student, lesson, points, reason: all, or none
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// The table
    file: PathBuf,
    #[command(flatten)]
    place: Where,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<Exit> {
    match command {
        Command::List(place) => print!("{}", list(&open(place)?.book()?)),
        Command::Export(arguments) => return export(arguments),
        Command::Feedback(arguments) => feedback::run(arguments)?,
        Command::Override(arguments) => {
            let OverrideArguments { student, lesson, points, reason, place } = arguments;
            open(place)?.decide(student, lesson, Some(*points), reason)?;
        }
        Command::Withdraw(WithdrawArguments { student, lesson, reason, place }) => {
            open(place)?.decide(student, lesson, None, reason)?;
        }
        Command::ExportOverrides(ExportOverridesArguments { place, history }) => {
            let desk = open(place)?;
            match history {
                true => print!("{}", desk.history()?),
                false => print!("{}", export_overrides(&desk.store.overrides()?)?),
            }
        }
        Command::ImportOverrides(ImportArguments { file, place }) => open(place)?.import(file)?,
    }
    Ok(Exit::Done)
}

/// A gradebook and the course that it is of.
struct Desk {
    course: Course,
    store: Store,
    language: Language,
}

fn open(place: &Where) -> anyhow::Result<Desk> {
    open_in(&place.out, place.course.as_deref(), place.language.into())
}

fn open_in(out: &Path, course: Option<&Path>, language: Language) -> anyhow::Result<Desk> {
    let store = Store::existing(out)?;
    let (_, course) = place::course(course)?;
    Ok(Desk { course, store, language })
}

impl Desk {
    fn book(&self) -> anyhow::Result<Book> {
        let (members, taken) = (self.store.members()?, self.store.taken_in()?);
        let (extensions, overrides) = (self.store.extensions()?, self.store.overrides()?);
        Ok(Book::new(&self.course, self.language, members, &taken, &extensions, &overrides))
    }

    fn set(
        &self,
        student: &str,
        lesson: &str,
        points: Option<Points>,
        reason: &str,
    ) -> anyhow::Result<()> {
        let lesson = self.known(student, lesson)?;
        if reason.trim().is_empty() {
            bail!("a reason is needed; the student reads it");
        }
        self.store.set_override(student, &lesson, points, reason, &now())?;
        Ok(())
    }

    /// Sets points or takes them back, and says what counts now.
    fn decide(
        &self,
        student: &str,
        lesson: &str,
        points: Option<Points>,
        reason: &str,
    ) -> anyhow::Result<()> {
        self.set(student, lesson, points, reason)?;
        let book = self.book()?;
        let member = book.members.iter().find(|member| member.student == student);
        let grades = member.map(|member| &member.grades);
        let taken = grades.and_then(|grades| grades.iter().find(|(id, _)| id.as_str() == lesson));
        let counts =
            taken.map_or_else(|| "nothing".to_owned(), |(_, taken)| shown(taken.grade.points));
        eprintln!("{student}, {lesson}: counts {counts} now; {ON_PAGES}");
        Ok(())
    }

    /// The lesson, if there are such a student and such a lesson.
    fn known(&self, student: &str, lesson: &str) -> anyhow::Result<LessonId> {
        let lesson = intake::choose(&self.course, &[lesson.to_owned()])?[0].id.clone();
        if !self.store.members()?.iter().any(|member| member.student == student) {
            bail!("no student `{student}` in the gradebook; `grader book list` shows who there is");
        }
        Ok(lesson)
    }

    fn import(&self, file: &Path) -> anyhow::Result<()> {
        let failed = || format!("cannot read {}", file.display());
        let (text, _) = tables::read(file)?;
        let overrides = import_overrides(&text, &self.course).with_context(failed)?;
        for each in &overrides {
            self.known(&each.student, each.lesson.as_str()).with_context(failed)?;
        }
        let held = self.store.overrides()?;
        let new: Vec<_> = overrides.iter().filter(|each| !held.contains(each)).collect();
        for each in &new {
            self.set(&each.student, each.lesson.as_str(), Some(each.points), &each.reason)?;
        }
        let held = overrides.len() - new.len();
        eprintln!("{} overrides set, {held} held already; {ON_PAGES}", new.len());
        Ok(())
    }

    fn history(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        for event in self.store.override_history()? {
            let OverrideEvent { at, student, lesson, points, reason } = event;
            let points = points.map_or("withdrawn".to_owned(), |points| points.to_string());
            let reason = report::printable(&reason).into_owned();
            writeln!(text, "{at}  {student}, {lesson}: {points}; {reason}")?;
        }
        Ok(text)
    }
}

/// When others than the gradebook show it.
const ON_PAGES: &str = "pages and sheets show it once `grader grade` has run again";

fn shown(points: Option<Points>) -> String {
    points.map_or("?".to_owned(), |points| points.to_string())
}

fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn list(book: &Book) -> String {
    let mut text = String::new();
    for member in &book.members {
        let total = &member.total;
        let name = member.name.as_deref().filter(|name| *name != member.student);
        let name = name.map_or(String::new(), |name| format!(" ({})", report::printable(name)));
        text += &format!("{}{name}: {} of {}\n", member.student, shown(total.points), total.max);
        for lesson in &book.lessons {
            let Some(taken) = member.grades.get(&lesson.id) else { continue };
            text += &format!("  {}: {} of {}\n", lesson.id, shown(taken.grade.points), lesson.max);
            for said in taken.grade.told(book.language) {
                text += &format!("    {}\n", report::printable(&said));
            }
        }
        let steps = total.because.iter().map(|step| step.tell(book.language));
        steps.for_each(|said| text += &format!("  {said}\n"));
    }
    text
}

fn export(arguments: &ExportArguments) -> anyhow::Result<Exit> {
    let book = open(&arguments.place)?.book()?;
    let text = match arguments.form {
        Form::Csv => sheets::table::render(&book)?.into_bytes(),
        Form::Jsonl => sheets::lines::render(&book)?.into_bytes(),
        Form::Nbgrader => sheets::nbgrader::render(&book)?.into_bytes(),
        Form::Canvas | Form::Moodle | Form::Blackboard => filled(arguments, &book)?,
    };
    match &arguments.to {
        Some(path) => {
            std::fs::write(path, text)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        None => std::io::stdout().write_all(&text).context("cannot write to standard output")?,
    }
    Ok(Exit::Done)
}

/// The sheet, filled in, in the encoding that it came in.
fn filled(arguments: &ExportArguments, book: &Book) -> anyhow::Result<Vec<u8>> {
    let Some(path) = &arguments.sheet else {
        bail!(
            "export the grades from the system first, and name that file with --sheet: only it \
               says which columns will be read again"
        );
    };
    let (sheet, encoding) = tables::read(path)?;
    let filling = Filling {
        lesson: arguments.lesson.clone(),
        column: arguments.column.clone(),
        scale: if arguments.scale { Scale::Proportional } else { Scale::Refused },
    };
    let filled = match arguments.form {
        Form::Canvas => sheets::canvas::fill(&sheet, book, &filling),
        Form::Moodle => sheets::moodle::fill(&sheet, book, &filling),
        Form::Blackboard => sheets::blackboard::fill(&sheet, book, &filling),
        Form::Csv | Form::Jsonl | Form::Nbgrader => unreachable!("these fill in no sheet"),
    };
    let Filled { text, cells, notices } = filled?;
    for notice in &notices {
        eprintln!("{}", report::printable(notice));
    }
    eprintln!("{cells} cells filled in");
    Ok(spreadsheet::encode(&text, encoding))
}
