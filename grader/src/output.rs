//! Writes results: each file whole or not at all.

use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{self, ScopedJoinHandle};
use std::time::SystemTime;

use anyhow::Context;
use clap::ValueEnum;
use report::sheet::Stages;
use report::{Run, Submission};
use site::{Names, Site};
use tempfile::NamedTempFile;

use crate::results::Results;

/// A form in which results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// results.json: everything, for programs
    Json,
    /// junit.xml: for CI systems
    Junit,
    /// gradescope/<student>/results.json: for Gradescope
    Gradescope,
    /// sheets/<student>.txt: what a student reads
    Sheets,
    /// html/index.html and a page for each student, which need no server
    Html,
    /// ctrf.json: the Common Test Report Format
    Ctrf,
    /// gl-code-quality-report.json: for merge requests of GitLab
    CodeQuality,
    /// github/annotations.txt and github/summary.md: for a job of GitHub Actions
    Github,
}

impl Format {
    /// What is written if nothing is asked for.
    pub(crate) const USUAL: [Self; 5] =
        [Self::Json, Self::Junit, Self::Gradescope, Self::Sheets, Self::Html];
}

/// Makes the folder for results and proves that files can be written there.
///
/// Called before anything is graded, so that no work is lost to a wrong path.
pub(crate) fn open(folder: &Path) -> anyhow::Result<()> {
    let failed = || format!("cannot write results to {}; choose another --out", folder.display());
    std::fs::create_dir_all(folder).with_context(failed)?;
    tempfile::NamedTempFile::new_in(folder).with_context(failed)?;
    Ok(())
}

/// What people see who are handed sheets and pages.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// Under which names.
    pub(crate) names: Names,
    /// Which tests.
    pub(crate) stages: Stages,
    /// Who takes part.
    pub(crate) class: site::Class,
}

/// Students whose results wait for a form that takes longer to write than others.
const AHEAD: usize = 4;

/// Writes `results` in each of `formats`, one student after the other, all forms at a time.
///
/// One file that cannot be written does not keep the others from being written.
pub(crate) fn write(
    folder: &Path,
    results: &mut Results,
    formats: &[Format],
    shown: &Shown,
) -> anyhow::Result<()> {
    let sinks: Vec<_> =
        formats.iter().map(|format| Sink::open(*format, folder, results, shown)).collect();
    let run = results.run.clone();
    thread::scope(|scope| {
        let write = |sink: anyhow::Result<Sink>| {
            let (students, waiting) = sync_channel(AHEAD);
            let run = &run;
            (students, scope.spawn(move || sink?.write(folder, run, &waiting)))
        };
        let (students, writers): (Vec<_>, Vec<_>) = sinks.into_iter().map(write).unzip();
        // Who has stopped listening has failed, and says why at the end.
        let tell = |next: Option<Arc<[Submission]>>| {
            students.iter().for_each(|student| _ = student.send(next.clone()));
        };
        let read = results.each_student(|submissions| tell(Some(submissions.into())));
        if read.is_ok() {
            tell(None);
        }
        drop(students);
        let join = |writer: ScopedJoinHandle<'_, _>| {
            writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        let written: Vec<anyhow::Result<()>> = writers.into_iter().map(join).collect();
        std::iter::once(read).chain(written).collect()
    })
}

/// Numbers in place of names, which differ from one call to the next.
pub(crate) fn numbers() -> Names {
    Names::Hidden { salt: RandomState::new().build_hasher().finish() }
}

/// A form that is being written.
enum Sink {
    Json(report::results::Writer<BufWriter<NamedTempFile>>),
    Junit(report::junit::Writer<BufWriter<NamedTempFile>>),
    Gradescope,
    Sheets(Stages),
    /// With the one moment at which all pages are said to be written, if their order would tell
    /// whose they are.
    Html(Box<Site>, Option<SystemTime>),
    Ctrf(platforms::ctrf::Writer<BufWriter<NamedTempFile>>),
    CodeQuality(platforms::code_quality::Writer<BufWriter<NamedTempFile>>),
    Github {
        annotations: BufWriter<NamedTempFile>,
        summary: BufWriter<NamedTempFile>,
    },
}

impl Sink {
    fn open(
        format: Format,
        folder: &Path,
        results: &Results,
        Shown { names, stages, class }: &Shown,
    ) -> anyhow::Result<Self> {
        let failed = || format!("cannot write to {}; is the disk full?", folder.display());
        Ok(match format {
            Format::Json => {
                let writer = BufWriter::new(temporary(folder)?);
                let writer = report::results::Writer::new(writer, &results.run, &results.lessons);
                Self::Json(writer.with_context(failed)?)
            }
            Format::Junit => {
                let writer = BufWriter::new(temporary(folder)?);
                let writer = report::junit::Writer::new(writer, &results.run, results.totals());
                Self::Junit(writer.with_context(failed)?)
            }
            Format::Gradescope => Self::Gradescope,
            Format::Sheets => Self::Sheets(stages.clone()),
            Format::Html => {
                let (stages, class) = (stages.clone(), class.clone());
                let options = site::Options { stages, names: *names, class };
                let moment = (*names != Names::Shown).then(SystemTime::now);
                Self::Html(Box::new(Site::new(&results.run, &results.lessons, options)), moment)
            }
            Format::Ctrf => {
                let writer = BufWriter::new(temporary(folder)?);
                let writer = platforms::ctrf::Writer::new(writer, &results.run);
                Self::Ctrf(writer.with_context(failed)?)
            }
            Format::CodeQuality => {
                let writer = BufWriter::new(temporary(folder)?);
                Self::CodeQuality(
                    platforms::code_quality::Writer::new(writer).with_context(failed)?,
                )
            }
            Format::Github => {
                let github = folder.join("github");
                std::fs::create_dir_all(&github).with_context(failed)?;
                let open = || anyhow::Ok(BufWriter::new(temporary(&github)?));
                Self::Github { annotations: open()?, summary: open()? }
            }
        })
    }

    /// Takes in what comes, until it is said that this was all; else nothing is to be seen of it.
    fn write(
        mut self,
        folder: &Path,
        run: &Run,
        students: &Receiver<Option<Arc<[Submission]>>>,
    ) -> anyhow::Result<()> {
        for next in students {
            match next {
                Some(submissions) => self.student(folder, run, &submissions)?,
                None => return self.finish(folder),
            }
        }
        Ok(())
    }

    fn student(
        &mut self,
        folder: &Path,
        run: &Run,
        submissions: &[Submission],
    ) -> anyhow::Result<()> {
        let failed = || format!("cannot write to {}; is the disk full?", folder.display());
        let Some(first) = submissions.first() else { return Ok(()) };
        let student = &first.student;
        match self {
            Self::Json(writer) => {
                submissions.iter().try_for_each(|each| writer.submission(each)).with_context(failed)
            }
            Self::Junit(writer) => {
                submissions.iter().try_for_each(|each| writer.submission(each)).with_context(failed)
            }
            Self::Gradescope => match report::gradescope::render(submissions) {
                Some(text) => {
                    let place = Path::new("gradescope").join(student).join("results.json");
                    write_whole(&folder.join(place), &text)
                }
                None => Ok(()),
            },
            Self::Sheets(stages) => {
                let sheets = submissions
                    .iter()
                    .map(|each| report::sheet::render(each, stages.of(&each.lesson), run.language));
                let text = sheets.collect::<Vec<_>>().join("\n");
                write_whole(&folder.join("sheets").join(format!("{student}.txt")), &text)
            }
            Self::Html(site, moment) => {
                let picture = |path: &str| std::fs::read_to_string(folder.join(path)).ok();
                let Some(page) = site.student(submissions, &picture) else { return Ok(()) };
                let path = folder.join("html").join(page.path);
                write_whole(&path, &page.text)?;
                let Some(moment) = moment else { return Ok(()) };
                let file = File::options().write(true).open(&path);
                file.and_then(|file| file.set_modified(*moment)).with_context(failed)
            }
            Self::Ctrf(writer) => {
                submissions.iter().try_for_each(|each| writer.submission(each)).with_context(failed)
            }
            Self::CodeQuality(writer) => {
                let mut each = submissions.iter();
                each.try_for_each(|each| writer.submission(each, &place_of(each)))
                    .with_context(failed)
            }
            Self::Github { annotations, summary } => {
                let mut each = submissions.iter();
                each.try_for_each(|each| {
                    let lines = platforms::github::annotations(each, &place_of(each));
                    annotations.write_all(lines.concat().as_bytes())?;
                    let table = platforms::github::table(each, &each.student);
                    summary.write_all(table.as_bytes())
                })
                .with_context(failed)
            }
        }
    }

    fn finish(self, folder: &Path) -> anyhow::Result<()> {
        let put = |file: io::Result<BufWriter<NamedTempFile>>, name: &str| {
            let path = folder.join(name);
            let failed = || format!("cannot write {}; is the disk full?", path.display());
            let file = file.and_then(|file| file.into_inner().map_err(|error| error.into_error()));
            let file = file.with_context(failed)?;
            file.as_file().sync_all().with_context(failed)?;
            file.persist(&path).map_err(|error| error.error).with_context(failed)?;
            Ok(())
        };
        match self {
            Self::Json(writer) => put(writer.finish(), "results.json"),
            Self::Junit(writer) => put(writer.finish(), "junit.xml"),
            Self::Gradescope | Self::Sheets(_) => Ok(()),
            Self::Html(site, _) => {
                let page = site.overview();
                write_whole(&folder.join("html").join(page.path), &page.text)?;
                sweep(&folder.join("html/students"), &site)
            }
            Self::Ctrf(writer) => put(writer.finish(), "ctrf.json"),
            Self::CodeQuality(writer) => put(writer.finish(), "gl-code-quality-report.json"),
            Self::Github { annotations, summary } => {
                put(Ok(annotations), "github/annotations.txt")?;
                put(Ok(summary), "github/summary.md")
            }
        }
    }
}

/// Takes away the pages of an earlier run: of students who are gone, or under their names where
/// there are numbers now.
fn sweep(students: &Path, site: &Site) -> anyhow::Result<()> {
    let failed = || format!("cannot take old pages out of {}", students.display());
    for entry in std::fs::read_dir(students).into_iter().flatten() {
        let entry = entry.with_context(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".html") && !site.is_page(&name) {
            std::fs::remove_file(entry.path()).with_context(failed)?;
        }
    }
    Ok(())
}

/// Where a student's file lies among those of a class.
fn place_of(submission: &Submission) -> String {
    format!("{}/{}/src/lib.rs", submission.student, submission.lesson)
}

pub(crate) fn temporary(folder: &Path) -> anyhow::Result<NamedTempFile> {
    let failed = || format!("cannot write to {}; is the disk full?", folder.display());
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    tempfile::Builder::new().permissions(mode).tempfile_in(folder).with_context(failed)
}

/// Draws the pictures that `result` names.
///
/// Called as soon as there is a result: the runs that they show are not kept.
pub(crate) fn draw(folder: &Path, result: &Submission) -> anyhow::Result<()> {
    for evidence in result.tests.iter().filter_map(|test| test.evidence.as_ref()) {
        let Some(run) = evidence.run.as_deref() else { continue };
        for path in &evidence.pictures {
            let picture = match (&run.wait_for, path.ends_with(".wait-for.svg")) {
                (Some(graph), true) => picture::wait_for(graph),
                _ => picture::timeline(run),
            };
            write_whole(&folder.join(path), &picture)?;
        }
    }
    Ok(())
}

/// Puts `text` at `path` in one step: a reader sees the old file or the new one.
///
/// There is one for each student, so the disk is waited for once, by [`settle`].
fn write_whole(path: &Path, text: &str) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}; is the disk full?", path.display());
    // A class that is graded again is mostly as it was, and replacing a file costs the disk most.
    if std::fs::read(path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(failed)?;
    let mut file = temporary(folder)?;
    file.write_all(text.as_bytes()).with_context(failed)?;
    file.persist(path).map_err(|error| error.error).with_context(failed)?;
    Ok(())
}

/// Waits until all that was written to `folder` is on the disk.
pub(crate) fn settle(folder: &Path) -> anyhow::Result<()> {
    let failed = || format!("cannot write to {}; is the disk full?", folder.display());
    let open = std::fs::File::open(folder).with_context(failed)?;
    nix::unistd::syncfs(&open).map_err(std::io::Error::from).with_context(failed)
}
