//! Hands each student's page back by Moodle.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use course::Language;
use gradebook::sheets::moodle::{Addressee, addressees};
use report::Submission;
use report::sheet::Stages;
use site::{Names, Site};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::{output, stage, tables};

/// Pack each student's page on a lesson into a zip that Moodle hands out
///
/// In the assignment, with `Feedback files` among its feedback types: View all submissions,
/// Upload multiple feedback files in a zip. Each student finds the page beside the grade. Download the
/// worksheet again afterwards, before grades are filled in: Moodle passes over rows that changed
/// since.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  grader book feedback --sheet Grades-Locks.csv --lesson lock --to feedback.zip")]
pub(crate) struct Arguments {
    /// The offline worksheet of the assignment, which says who has which number in it
    #[arg(long, value_name = "FILE")]
    sheet: PathBuf,
    /// The lesson
    #[arg(long, value_name = "LESSON")]
    lesson: String,
    /// The zip to write
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// How far the lesson's life has gone [default: what its due dates say]
    #[arg(long, value_name = "STAGE")]
    stage: Option<stage::Given>,
    /// The folder of results
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// The folder of the course [default: the nearest with a course.yaml, from here upwards]
    #[arg(long, value_name = "DIR")]
    course: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { sheet, lesson, to, stage, out, course } = arguments;
    let desk = super::open_in(out, course.as_deref(), Language::default())?;
    let lesson = intake::choose(&desk.course, std::slice::from_ref(lesson))?[0].id.as_str();
    let (text, _) = tables::read(sheet)?;
    let (addressees, notices) = addressees(&text, &desk.book()?, lesson)?;
    notices.iter().for_each(|notice| eprintln!("{}", report::printable(notice)));
    let stages = stage::stages(&desk.course, &desk.store.extensions()?, chrono::Utc::now(), *stage);
    let failed = || format!("cannot write {}; is the disk full?", to.display());
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = output::temporary(folder.unwrap_or(Path::new(".")))?;
    let mut zip = ZipWriter::new(file.as_file_mut());
    let packed = pack(&mut zip, out, lesson, &addressees, &stages)?;
    if packed == 0 {
        bail!("nobody in {} has a page on {lesson}; nothing was written", sheet.display());
    }
    zip.finish().with_context(failed)?;
    file.persist(to).map_err(|error| error.error).with_context(failed)?;
    eprintln!("{packed} pages in {}", to.display());
    Ok(())
}

/// Writes the page of each of `addressees`; returns how many there are.
fn pack<W: Write + Seek>(
    zip: &mut ZipWriter<W>,
    results: &Path,
    lesson: &str,
    addressees: &[Addressee],
    stages: &Stages,
) -> anyhow::Result<usize> {
    let path = results.join("results.json");
    let again = || format!("cannot read {}; run `grader grade` again", path.display());
    let each = |each: &mut dyn FnMut(Submission)| {
        let file = BufReader::new(File::open(&path).with_context(again)?);
        report::results::read_each(file, each).with_context(again)
    };
    // What a page says of the run stands behind the results, which are too many to keep.
    let (run, lessons) = each(&mut |_| {})?;
    // The page is on one lesson, so that of others it is not said that they are missing.
    let lessons: Vec<_> = lessons.into_iter().filter(|each| each.id.as_str() == lesson).collect();
    let (stages, class) = (stages.clone(), site::Class::default());
    let options = site::Options { stages, names: Names::Shown, class };
    let mut site = Site::new(&run, &lessons, options);
    let picture = |path: &str| std::fs::read_to_string(results.join(path)).ok();
    let mut numbers: BTreeMap<&str, &str> =
        addressees.iter().map(|each| (each.student.as_str(), each.number.as_str())).collect();
    let mut written: anyhow::Result<()> = Ok(());
    each(&mut |submission| {
        if written.is_err() || submission.lesson.as_str() != lesson {
            return;
        }
        let Some(number) = numbers.remove(submission.student.as_str()) else { return };
        let name = name(&submission.student, number, lesson);
        if let Some(page) = site.student(&[submission], &picture) {
            let started = zip.start_file(name, SimpleFileOptions::default());
            written =
                started.map_err(Into::into).and_then(|()| Ok(zip.write_all(page.text.as_bytes())?));
        }
    })?;
    written.context("cannot write the zip; is the disk full?")?;
    let packed = addressees.len() - numbers.len();
    for student in numbers.into_keys() {
        eprintln!("no result of {} is in {}", report::printable(student), path.display());
    }
    Ok(packed)
}

/// How Moodle tells whose a file is: `<name>_<number>_<kind of plugin>_<plugin>_<file>`. Only
/// the number counts.
fn name(student: &str, number: &str, lesson: &str) -> String {
    let plain = |letter: char| if letter.is_alphanumeric() { letter } else { ' ' };
    let student: String = student.chars().map(plain).take(50).collect();
    let student = match student.trim() {
        "" => "student",
        student => student,
    };
    format!("{student}_{number}_assignfeedback_file_{lesson}.html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_number_behind_the_first_underscore_and_no_folder() {
        for (student, expected) in [
            ("José Núñez", "José Núñez_7_assignfeedback_file_lock.html"),
            ("../a_b\\c", "a b c_7_assignfeedback_file_lock.html"),
            (".~", "student_7_assignfeedback_file_lock.html"),
        ] {
            assert_eq!(name(student, "7", "lock"), expected);
        }
    }
}
