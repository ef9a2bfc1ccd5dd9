//! Finds submissions in a folder and reads the files that their lessons name.
//!
//! Nothing of a student's is trusted: links are not followed, sizes are bounded,
//! and what is wrong with one submission is data about that submission.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use course::{Course, Lesson, LessonId};
use thiserror::Error;

/// Bytes that one file of a submission may have.
pub const FILE_SIZE: u64 = 1 << 20;

/// What one student handed in for one lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The name of the student's folder.
    pub student: String,
    /// The lesson that it is for.
    pub lesson: LessonId,
    /// The lesson's files in its order, or what is wrong with one of them.
    pub files: Result<Vec<SourceFile>, BadFile>,
}

/// One file that a student handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Where it belongs in the exercise: `src/lib.rs`.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// A file that cannot be graded, and why: the student's fault.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{path}: {problem}")]
pub struct BadFile {
    /// The file that the lesson names.
    pub path: String,
    /// What is wrong with it, for its author.
    pub problem: String,
}

/// Why a folder cannot be graded at all.
#[derive(Debug, Error)]
pub enum IntakeError {
    /// The folder cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Nothing in it looks like a submission.
    #[error(
        "no submissions in {path}; expected <student>/<lesson>/src/lib.rs, \
         <student>/<lesson>/lib.rs or <student>/exercises/<lesson>/src/lib.rs, \
         with a lesson of {lessons}",
        path = path.display()
    )]
    Empty {
        /// The folder.
        path: PathBuf,
        /// The lessons that were looked for.
        lessons: String,
    },
}

/// The submissions in `folder` for `lessons`, sorted by student and teaching order.
///
/// A student who has a folder for a lesson has submitted it, with whatever is in
/// there; one who has none has not.
pub fn collect(folder: &Path, lessons: &[&Lesson]) -> Result<Vec<Submission>, IntakeError> {
    let read = |source| IntakeError::Read { path: folder.to_owned(), source };
    let mut students: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(read)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(read)?;
    students.sort();

    let mut submissions = Vec::new();
    for student in students.iter().filter(|path| is_real_folder(path)) {
        let name = student.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for lesson in lessons {
            if let Some(place) = place_of(student, &lesson.id) {
                submissions.push(Submission {
                    student: name.clone(),
                    lesson: lesson.id.clone(),
                    files: read_files(&place, lesson),
                });
            }
        }
    }
    if submissions.is_empty() {
        let names: Vec<_> = lessons.iter().map(|lesson| lesson.id.as_str()).collect();
        return Err(IntakeError::Empty { path: folder.to_owned(), lessons: names.join(", ") });
    }
    Ok(submissions)
}

/// The folder of `student` that stands for the exercise `lesson`, if there is one.
fn place_of(student: &Path, lesson: &LessonId) -> Option<PathBuf> {
    let exercises = student.join("exercises");
    let places = [student.join(lesson.as_str()), exercises.join(lesson.as_str())];
    let real = |place: &PathBuf| is_real_folder(place);
    if is_real_folder(&exercises) {
        places.into_iter().find(real)
    } else {
        places.into_iter().take(1).find(real)
    }
}

fn is_real_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// Reads the files that `lesson` names out of the exercise folder `place`.
///
/// `src/lib.rs` may also lie at the top as `lib.rs`.
pub fn read_files(place: &Path, lesson: &Lesson) -> Result<Vec<SourceFile>, BadFile> {
    lesson.files.iter().map(|file| read_file(place, file.as_path())).collect()
}

fn read_file(place: &Path, path: &Path) -> Result<SourceFile, BadFile> {
    let bad = |problem: String| BadFile { path: path.display().to_string(), problem };
    let flat = path.file_name().map(|name| place.join(name));
    let whole = place.join(path);
    let found = if exists(&whole) { Some(whole) } else { flat.filter(|flat| exists(flat)) };
    let Some(found) = found else {
        return Err(bad("was not handed in".to_owned()));
    };
    if found.parent().is_some_and(|parent| !is_real_folder(parent)) {
        return Err(bad("lies behind a link; hand in the file itself".to_owned()));
    }
    let text = read_text(&found).map_err(bad)?;
    Ok(SourceFile { path: path.to_owned(), text })
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Reads an ordinary file of bounded size, without following a link or waiting on a FIFO.
fn read_text(path: &Path) -> Result<String, String> {
    let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
    let opened = File::options().read(true).custom_flags(flags).open(path);
    let file = opened.map_err(|error| match error.raw_os_error() {
        Some(nix::libc::ELOOP) => "is a link; hand in the file itself".to_owned(),
        _ => format!("cannot be read: {error}"),
    })?;
    let metadata = file.metadata().map_err(|error| format!("cannot be read: {error}"))?;
    if !metadata.is_file() {
        return Err("is not an ordinary file".to_owned());
    }
    let too_large = || format!("has more than {} KiB; is it the right file?", FILE_SIZE / 1024);
    if metadata.len() > FILE_SIZE {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let read = file.take(FILE_SIZE + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > FILE_SIZE {
        return Err(too_large());
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(at).filter(|&&byte| byte == b'\n').count() + 1;
        format!("is not UTF-8 (line {line}); save it as UTF-8 and hand it in again")
    })?;
    if text.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    Ok(text)
}

/// The lessons that `ids` name, or all of them if none is named.
pub fn choose<'a>(course: &'a Course, ids: &[String]) -> Result<Vec<&'a Lesson>, UnknownLesson> {
    if ids.is_empty() {
        return Ok(course.lessons().collect());
    }
    let find = |id: &String| {
        course.lesson(id).ok_or_else(|| UnknownLesson {
            id: id.clone(),
            known: course
                .lessons()
                .map(|lesson| lesson.id.to_string())
                .collect::<Vec<_>>()
                .join(", "),
        })
    };
    ids.iter().map(find).collect()
}

/// A lesson that the course does not have.
#[derive(Debug, Error)]
#[error("no lesson `{id}` in this course; it has {known}")]
pub struct UnknownLesson {
    /// What was asked for.
    pub id: String,
    /// What there is.
    pub known: String,
}
