//! Hands results over in the way that a platform wants: files whole or not at all, and an exit
//! code that does not make it throw them away.

use std::fs::{self, Permissions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use course::Course;
use platforms::{Platform, Sitting};
use report::{Report, Submission, TestResult};

use super::place::{Place, variable};
use crate::exit::Exit;

/// What GitLab reads.
const JUNIT: &str = "interleave-junit.xml";
const CODE_QUALITY: &str = "gl-code-quality-report.json";

/// Takes away what an earlier run, or the student, left where results go: nobody shall take it for ours.
pub(super) fn clear(place: &Place) {
    for path in files(place) {
        let removed = match path.symlink_metadata() {
            Ok(there) if there.is_dir() => fs::remove_dir_all(&path),
            Ok(_) => fs::remove_file(&path),
            Err(_) => Ok(()),
        };
        if let Err(error) = removed {
            eprintln!("cannot take away the old {}: {error}", path.display());
        }
    }
}

fn files(place: &Place) -> Vec<PathBuf> {
    match (&place.output, place.platform) {
        (None, _) => Vec::new(),
        (Some(folder), Platform::Gitlab) => vec![folder.join(JUNIT), folder.join(CODE_QUALITY)],
        (Some(file), _) => vec![file.clone()],
    }
}

/// Renders and hands over; `whole` are the submissions with what only instructors see.
pub(super) fn deliver(
    place: &Place,
    course: Option<&Course>,
    sitting: &Sitting,
    whole: &[Submission],
) -> anyhow::Result<Exit> {
    let mut written = Ok(());
    if let Some(text) = file(place, sitting, whole) {
        for path in files(place).into_iter().take(1) {
            written = written.and(put(&path, &text));
        }
    }
    if place.platform == Platform::Gitlab {
        let paths = files(place);
        let junit = Report::new(sitting.run.clone(), Vec::new(), sitting.submissions.clone());
        written = written.and(put(&paths[0], &report::junit::render(&junit)));
        let quality = platforms::code_quality::render(&sitting.submissions, path_in_repository);
        written = written.and(put(&paths[1], &quality));
    }
    print!("{}", said(place, course, sitting));
    if let (Some(path), Platform::GithubActions | Platform::Classroom50) =
        (variable("GITHUB_STEP_SUMMARY"), place.platform)
    {
        let summary = platforms::github::summary(sitting);
        let opened = fs::File::options().append(true).create(true).open(&path);
        let appended = opened.and_then(|mut file| file.write_all(summary.as_bytes()));
        if let Err(error) = appended {
            eprintln!("cannot write the job summary to {path}: {error}");
        }
    }
    if let Err(error) = written {
        eprintln!("error: {error}; what would have been written stands above");
        return Ok(Exit::NotGradable);
    }
    Ok(exit(place.platform, sitting))
}

/// The file that the platform reads, if it reads one and has a word for what happened.
fn file(place: &Place, sitting: &Sitting, whole: &[Submission]) -> Option<String> {
    match place.platform {
        Platform::Gradescope => Some(platforms::gradescope::render(sitting, whole)),
        Platform::PrairieLearn => Some(platforms::prairielearn::render(sitting)),
        Platform::Classroom50 => platforms::classroom50::render(sitting, &place.circumstances()),
        Platform::Exercism => Some(platforms::exercism::render(sitting, |test| {
            source_of(&place.bundle, sitting, test)
        })),
        Platform::Check50 => {
            let slug = variable("CHECK50_SLUG").unwrap_or_else(|| "interleave".to_owned());
            Some(platforms::check50::render(sitting, &slug))
        }
        Platform::Coursera => Some(platforms::coursera::render(sitting)),
        Platform::Submitty => Some(platforms::submitty::render(sitting)),
        Platform::Inginious => Some(platforms::inginious::render(sitting)),
        Platform::Autolab
        | Platform::Vpl
        | Platform::GithubActions
        | Platform::Gitlab
        | Platform::CodeRunner
        | Platform::Xqueue => None,
    }
}

/// What goes to standard output.
fn said(place: &Place, course: Option<&Course>, sitting: &Sitting) -> String {
    match place.platform {
        Platform::Autolab => platforms::autolab::render(sitting, &lessons(&place.bundle, course)),
        Platform::Vpl => platforms::vpl::render(sitting, place.range()),
        Platform::GithubActions | Platform::Classroom50 => {
            platforms::github::log(sitting, path_in_repository, &token())
        }
        // Their logs obey nothing, and what is in them is in the results too.
        Platform::Gradescope
        | Platform::PrairieLearn
        | Platform::Gitlab
        | Platform::Exercism
        | Platform::Check50
        | Platform::Coursera
        | Platform::Submitty
        | Platform::Inginious => sitting.sheet(),
        Platform::CodeRunner => platforms::coderunner::render(sitting).unwrap_or_default(),
        Platform::Xqueue => platforms::xqueue::render(sitting).unwrap_or_default(),
    }
}

/// How the platform wants a run to end whose result is written.
fn exit(platform: Platform, sitting: &Sitting) -> Exit {
    let graded = sitting.score().is_some();
    match platform {
        // Whatever happened, the file tells; another exit code would discard it.
        Platform::Gradescope
        | Platform::PrairieLearn
        | Platform::Autolab
        | Platform::Vpl
        | Platform::Exercism
        | Platform::Check50
        | Platform::Submitty
        | Platform::Inginious => Exit::Done,
        // These have no word for it, so the run itself has to fail.
        Platform::Classroom50 | Platform::Coursera | Platform::CodeRunner | Platform::Xqueue => {
            if graded {
                Exit::Done
            } else {
                Exit::NotGradable
            }
        }
        // A job is green or red.
        Platform::GithubActions | Platform::Gitlab if sitting.passed() => Exit::Done,
        Platform::GithubActions | Platform::Gitlab if graded => Exit::Found,
        Platform::GithubActions | Platform::Gitlab => Exit::NotGradable,
    }
}

/// Puts `text` at `path` in one step. A folder that its owner may not write to is opened first.
fn put(path: &Path, text: &str) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let told = |error: io::Error| {
        io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display()))
    };
    fs::create_dir_all(folder).map_err(told)?;
    let mode = || Permissions::from_mode(0o644);
    let open = || tempfile::Builder::new().permissions(mode()).tempfile_in(folder);
    let mut file = match open() {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            fs::set_permissions(folder, Permissions::from_mode(0o755)).map_err(told)?;
            open().map_err(told)?
        }
        opened => opened.map_err(told)?,
    };
    file.write_all(text.as_bytes()).map_err(told)?;
    file.as_file().sync_all().map_err(told)?;
    file.persist(path).map_err(|error| told(error.error))?;
    Ok(())
}

/// The problems of an assessment: the lessons of the bundle, as far as it can be read.
fn lessons(bundle: &Path, course: Option<&Course>) -> Vec<String> {
    let bundle = engine::bundle::Bundle::read(bundle).ok();
    let ids: Vec<String> =
        bundle.iter().flat_map(|bundle| bundle.ids().map(ToString::to_string)).collect();
    match course {
        Some(course) => {
            let known = course.lessons().map(|lesson| lesson.id.to_string());
            known.filter(|lesson| ids.contains(lesson)).collect()
        }
        None => ids,
    }
}

/// Where the student's file lies in a repository, seen from its root.
fn path_in_repository(submission: &Submission) -> String {
    let lesson = submission.lesson.as_str();
    let places = [
        format!("exercises/{lesson}/src/lib.rs"),
        format!("{lesson}/src/lib.rs"),
        format!("{lesson}/lib.rs"),
        "lib.rs".to_owned(),
    ];
    let found = places.into_iter().find(|place| Path::new(place).is_file());
    found.unwrap_or_else(|| "src/lib.rs".to_owned())
}

/// What nobody can know beforehand.
fn token() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}

/// The source of a test that students may read, from the exercise in the bundle.
fn source_of(bundle: &Path, sitting: &Sitting, test: &TestResult) -> Option<String> {
    let lesson = sitting.tests().find(|(_, each)| each.name == test.name)?.0.lesson.clone();
    let folder = bundle.join("exercises").join(lesson.as_str()).join("tests");
    let files = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let mut texts = files.filter_map(|path| fs::read_to_string(path).ok());
    texts.find_map(|text| function(&text, test.name.as_str()))
}

/// The function `name` at the left margin of `text`.
fn function(text: &str, name: &str) -> Option<String> {
    let start = text.find(&format!("\nfn {name}("))? + 1;
    let end = text[start..].find("\n}")? + start + 2;
    Some(text[start..end].to_owned())
}
