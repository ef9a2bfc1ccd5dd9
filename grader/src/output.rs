//! Writes results: each file whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::ValueEnum;
use report::Report;
use report::sheet::Stage;

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
}

impl Format {
    /// All of them, the default.
    pub(crate) const ALL: [Self; 4] = [Self::Json, Self::Junit, Self::Gradescope, Self::Sheets];
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

/// Writes `report` in each of `formats`, and the pictures that it names; returns what was
/// written.
///
/// One file that cannot be written does not keep the others from being written.
pub(crate) fn write(
    folder: &Path,
    report: &Report,
    formats: &[Format],
) -> anyhow::Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    let mut failed = None;
    let texts = formats.iter().flat_map(|format| render(*format, report));
    for (path, text) in texts.chain(pictures(report)) {
        let path = folder.join(path);
        match write_whole(&path, &text) {
            Ok(()) => written.push(path),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(written), Err)
}

fn render(format: Format, report: &Report) -> Vec<(PathBuf, String)> {
    let one = |name: &str, text: String| vec![(PathBuf::from(name), text)];
    match format {
        Format::Json => one("results.json", report::results::render(report)),
        Format::Junit => one("junit.xml", report::junit::render(report)),
        Format::Gradescope => {
            let of = |submissions: &[report::Submission]| {
                let student = submissions.first()?.student.clone();
                let path = PathBuf::from("gradescope").join(student).join("results.json");
                Some((path, report::gradescope::render(submissions)?))
            };
            report.students().filter_map(of).collect()
        }
        Format::Sheets => {
            report.students().filter_map(|submissions| sheet(submissions, report)).collect()
        }
    }
}

/// Every picture of a failing run.
fn pictures(report: &Report) -> impl Iterator<Item = (PathBuf, String)> + '_ {
    let tests = report.submissions.iter().flat_map(|submission| &submission.tests);
    tests.filter_map(|test| test.evidence.as_ref()).flat_map(|evidence| {
        let draw = |path: &String| {
            let run = evidence.run.as_deref()?;
            let picture = match (&run.wait_for, path.ends_with(".wait-for.svg")) {
                (Some(graph), true) => picture::wait_for(graph),
                _ => picture::timeline(run),
            };
            Some((PathBuf::from(path), picture))
        };
        evidence.pictures.iter().filter_map(draw).collect::<Vec<_>>()
    })
}

fn sheet(submissions: &[report::Submission], report: &Report) -> Option<(PathBuf, String)> {
    let student = &submissions.first()?.student;
    let sheets = submissions.iter();
    let sheets = sheets
        .map(|submission| report::sheet::render(submission, Stage::Open, report.run.language));
    let path = PathBuf::from("sheets").join(format!("{student}.txt"));
    Some((path, sheets.collect::<Vec<_>>().join("\n")))
}

/// Puts `text` at `path` in one step: a reader sees the old file or the new one.
fn write_whole(path: &Path, text: &str) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}; is the disk full?", path.display());
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(failed)?;
    let mut file = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(folder)
        .with_context(failed)?;
    file.write_all(text.as_bytes()).with_context(failed)?;
    file.as_file().sync_all().with_context(failed)?;
    file.persist(path).map_err(|error| error.error).with_context(failed)?;
    Ok(())
}
