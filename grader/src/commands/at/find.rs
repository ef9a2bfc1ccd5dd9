//! Finds a lesson's files in what one student handed in.

use std::path::{Path, PathBuf};

use course::Lesson;
use intake::{BadFile, FileAt, Place, find_files};

/// Folders in folders that are looked into.
const DEEPEST: usize = 6;

/// Folders that are looked into.
const MOST: usize = 2000;

/// The files of `lesson` in `folder`: as in the student edition, in a folder of the lesson's name, or,
/// if no other lesson is graded here, anywhere. What lies in `own` is the grader's.
pub(super) fn find(
    folder: &Path,
    lesson: &Lesson,
    alone: bool,
    own: &Path,
) -> Result<Vec<FileAt>, BadFile> {
    let id = lesson.id.as_str();
    let mut usual = vec![folder.join("exercises").join(id), folder.join(id)];
    if alone {
        usual.push(folder.to_owned());
    }
    for place in usual.iter().filter(|place| *place == folder || is_folder(place)) {
        let found = find_files(place, lesson);
        // A link or the like is what there is to say, even if there is another file elsewhere.
        if found.as_ref().map_or_else(|bad| !is_missing(bad), |_| true) {
            return found;
        }
    }
    let mut folders = Vec::new();
    below(folder, own, 0, &mut folders);
    let named = |place: &&PathBuf| alone || place.file_name().is_some_and(|name| name == id);
    let found = folders.iter().filter(named);
    let found = found.filter_map(|place| Some((place, find_files(place, lesson).ok()?)));
    let mut found: Vec<_> = found.collect();
    // `src` itself is a folder with the file in it, and it is the same file.
    found.dedup_by(|(_, later), (_, first)| places(later) == places(first));
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some((_, files)), None) => Ok(files),
        (Some((one, _)), Some((other, _))) => {
            let shown = |place: &Path| {
                report::printable(&place.strip_prefix(folder).unwrap_or(place).to_string_lossy())
                    .into_owned()
            };
            Err(bad(
                lesson,
                &format!(
                    "is there more than once, in {} and in {}; hand in one of them",
                    shown(one),
                    shown(other)
                ),
            ))
        }
        (None, _) => Err(bad(lesson, &format!("was not handed in; there is {}", names(folder)))),
    }
}

fn places(files: &[FileAt]) -> Vec<&Place> {
    files.iter().map(|file| &file.at).collect()
}

fn bad(lesson: &Lesson, problem: &str) -> BadFile {
    let path = lesson.files.first().map(ToString::to_string).unwrap_or_default();
    BadFile { path, problem: problem.to_owned() }
}

fn is_missing(bad: &BadFile) -> bool {
    bad.problem == "was not handed in"
}

fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

fn below(folder: &Path, own: &Path, depth: usize, folders: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut inner: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    inner.sort();
    for path in inner {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let passed_over = name.starts_with('.') || name == "target" || name == "__MACOSX";
        let ours = path.canonicalize().is_ok_and(|path| path == own);
        if passed_over || ours || !is_folder(&path) || folders.len() >= MOST || depth >= DEEPEST {
            continue;
        }
        folders.push(path.clone());
        below(&path, own, depth + 1, folders);
    }
}

/// Some names of what there is, for a student who handed in something else.
fn names(folder: &Path) -> String {
    const SHOWN: usize = 5;
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let more = names.len().saturating_sub(SHOWN);
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| report::printable(name)).collect();
    match (names.len(), more) {
        (0, _) => "nothing".to_owned(),
        (_, 0) => shown.join(", "),
        (_, more) => format!("{} and {more} more", shown.join(", ")),
    }
}
